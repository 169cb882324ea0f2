/* door.h: the listening sockets of the receivers. */
#ifndef LAB_DOOR_H
#define LAB_DOOR_H

#include "lab.h"

/* Opens every address of the scene on one port (0: any free one) and sets lab->smtp_port. */
bool door_open_all(struct lab *lab, int port, struct err *e);
/* After a change of receiver->reach: really closes or opens the port. */
bool door_follow(struct lab *lab, const struct receiver *r, struct err *e);
void door_close_all(struct lab *lab);

#endif
