/* advert_address.h: whether a text holds what looks like a postal address. (P)
 *
 *     advert_has_address(str_of("서울특별시 중구 봄날로 12"))
 *     advert_has_address(str_of("12, Bomnal-ro, Jung-gu, Seoul"))
 */
#ifndef SLUICE_RENDER_ADVERT_ADDRESS_H
#define SLUICE_RENDER_ADVERT_ADDRESS_H

#include <sluice/base/str.h>

/* Of text after advert_fold(). */
bool advert_has_address(struct str folded);

#endif
