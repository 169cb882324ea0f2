#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "window_text.h"

enum { MON = 1, TUE = 2, WED = 4, THU = 8, FRI = 16, SAT = 32, SUN = 64, REFUSED = 0 };

static void test_days(void **state)
{
    static const struct {
        const char *text;
        int days;
    } row[] = {
        {"Mon", MON},
        {"mon-fri", MON | TUE | WED | THU | FRI},
        {"Sat,Sun", SAT | SUN},
        {" Sat , Sun ", SAT | SUN},
        {"Fri-Mon", FRI | SAT | SUN | MON},
        {"Mon-Wed,Fri", MON | TUE | WED | FRI},
        {"Monday - Tuesday", MON | TUE},
        {"daily", 0x7f},
        {"매일", 0x7f},
        {"Mon-Sun", 0x7f},
        {"Wed-Wed", WED},
        {"월-금", MON | TUE | WED | THU | FRI},
        {"토,일", SAT | SUN},
        {"일요일", SUN},
        {"월-Fri", MON | TUE | WED | THU | FRI},
        {"", REFUSED},
        {" ", REFUSED},
        {",", REFUSED},
        {"Mon,", REFUSED},
        {",Mon", REFUSED},
        {"Mon,,Tue", REFUSED},
        {"Mon-", REFUSED},
        {"-Mon", REFUSED},
        {"Mon-Tue-Wed", REFUSED},
        {"Mo", REFUSED},
        {"Mon Tue", REFUSED},
        {"daily,Mon", REFUSED},
        {"월화", REFUSED},
        {"1-5", REFUSED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        uint8_t days = 0x80;
        bool ok = days_parse(str_of(row[i].text), &days);

        if (ok != (row[i].days != REFUSED) || days != (ok ? row[i].days : 0x80))
            fail_msg("\"%s\": %d, %#x", row[i].text, ok, days);
    }
}

static void test_hours(void **state)
{
    static const struct {
        const char *text;
        int from, until;
    } row[] = {
        {"08:00-20:00", 480, 1200}, {"8:00-9:30", 480, 570},     {" 08:00 - 20:00 ", 480, 1200},
        {"22:00-02:00", 1320, 120}, {"22:00-24:00", 1320, 1440}, {"22:00-00:00", 1320, 0},
        {"00:00-24:00", 0, 1440},   {"23:59-00:01", 1439, 1},    {"", -1, -1},
        {"08:00", -1, -1},          {"08:00-", -1, -1},          {"-08:00", -1, -1},
        {"08:00-08:00", -1, -1},    {"24:00-08:00", -1, -1},     {"08:00-24:01", -1, -1},
        {"08:00-25:00", -1, -1},    {"08:60-09:00", -1, -1},     {"8-20", -1, -1},
        {"08:0-09:00", -1, -1},     {"008:00-09:00", -1, -1},    {"08:00-09:00-10:00", -1, -1},
        {"08:00:00-09:00", -1, -1}, {"+8:00-09:00", -1, -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        int from = -1, until = -1;
        bool ok = hours_parse(str_of(row[i].text), &from, &until);

        if (ok != (row[i].from >= 0) || from != row[i].from || until != row[i].until)
            fail_msg("\"%s\": %d, %d-%d", row[i].text, ok, from, until);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_days),
        cmocka_unit_test(test_hours),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
