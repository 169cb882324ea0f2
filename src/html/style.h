/* style.h: text that is there and cannot be read. Unlike what html_is_hidden() tells, this is undone
 * by what stands within: layouts set font-size: 0 against gaps between boxes, and each box its own.
 *
 *     is_tiny = style_is_tiny(&token, is_tiny_around);
 */
#ifndef SLUICE_HTML_STYLE_H
#define SLUICE_HTML_STYLE_H

#include <sluice/html/html.h>

/* A font-size of 0 to 2px, its own or one around it that it does not change. */
bool style_is_tiny(const struct html_token *t, bool around);
/* A color that equals the background's of the same attribute; likewise. */
bool style_is_faint(const struct html_token *t, bool around);
/* An image of at most 1 by 1 pixels. */
bool style_is_dot(const struct html_token *t);

#endif
