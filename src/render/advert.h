/* advert.h: what the Network Act wants to see in an advertisement's body (article 50 (4), decree
 * 61-3): who sends it, and how to stop it, in Korean and in English. (P)
 *
 *     unsigned lacks = advert_lacks(visible_text, &sender, "봄날상회");
 *     if (lacks & ADVERT_TELEPHONE) ...
 */
#ifndef SLUICE_RENDER_ADVERT_H
#define SLUICE_RENDER_ADVERT_H

#include <stdbool.h>
#include <sluice/base/str.h>
#include <sluice/model/job.h>

#define ADVERT_MARK "(광고)" /* a subject begins with exactly this */

enum advert_item {
    ADVERT_NAME = 1,
    ADVERT_EMAIL = 2,
    ADVERT_TELEPHONE = 4,
    ADVERT_ADDRESS = 8,
    ADVERT_OPTOUT_KO = 16,
    ADVERT_OPTOUT_EN = 32
};
#define ADVERT_ITEMS 6
/* What the text does not show. Of what `sender` gives, that very text must be there (blanks, case
 * and ways of writing the same do not count: advert_text.h); of what it does not give, anything that
 * looks like it. from_name may be NULL. An opt-out is wording that nothing denies, and a URL or an
 * address near it. */
unsigned advert_lacks(struct str text, const struct sender_data *sender, const char *from_name);
/* Whether a text of any kind begins as an advertisement's subject must, with nothing invisible
 * behind it. */
bool advert_is_marked(struct str subject);
/* "the sender's telephone number" and what to write. */
const char *advert_item_name(enum advert_item i);
const char *advert_item_hint(enum advert_item i);

#endif
