/* replay.c: runs a fuzz target over its corpus without libFuzzer, so that it is an ordinary test.
 *
 * Each file is given whole, cut at several lengths and with bits flipped; the flips come from a
 * seeded generator, so a failure can be repeated. Each input is a heap block of its exact size: the
 * address sanitizer then sees the first byte read beyond it.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (4u * 1024 * 1024)
#define CUTS 16
#define FLIPPED_COPIES 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t seed;

/* splitmix64; the replayer links with whatever room it tests, so it depends on none. */
static uint64_t draw(void)
{
    uint64_t z = (seed += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void run(const uint8_t *data, size_t size, size_t flips)
{
    uint8_t *copy = malloc(size ? size : 1);

    if (!copy)
        abort();
    if (size)
        memcpy(copy, data, size);
    for (size_t i = 0; i < flips && size; i++)
        copy[draw() % size] ^= (uint8_t)(1u << draw() % 8);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void run_variants(const uint8_t *data, size_t size)
{
    run(data, size, 0);
    for (size_t i = 0; i < CUTS; i++)
        run(data, size * i / CUTS, 0);
    for (size_t i = 1; i <= 4 && i <= size; i++)
        run(data, size - i, 0);
    for (size_t i = 0; i < FLIPPED_COPIES; i++)
        run(data, size, 1 + draw() % 8);
}

static int replay_file(const char *path)
{
    uint8_t *data = malloc(FILE_MAX);
    FILE *f = fopen(path, "rb");
    size_t size;

    if (!data || !f) {
        perror(path);
        free(data);
        if (f)
            fclose(f);
        return 1;
    }
    size = fread(data, 1, FILE_MAX, f);
    fclose(f);
    seed = size; /* the same flips whichever files stand beside it */
    run_variants(data, size);
    free(data);
    return 0;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    struct dirent **entry;
    int count, failed = 0;

    if (argc != 2) {
        fprintf(stderr, "usage: %s CORPUS_FOLDER\n", argv[0]);
        return 2;
    }
    count = scandir(argv[1], &entry, is_visible, alphasort);
    if (count <= 0) {
        fprintf(stderr, "%s: no corpus\n", argv[1]);
        return 1;
    }
    for (int i = 0; i < count; i++) {
        char path[4096];

        snprintf(path, sizeof path, "%s/%s", argv[1], entry[i]->d_name);
        failed |= replay_file(path);
        free(entry[i]);
    }
    free(entry);
    printf("%d files replayed\n", count);
    return failed;
}
