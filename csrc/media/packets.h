// The packets of a video file by their number in file order.
#ifndef MEDIA_PACKETS_H
#define MEDIA_PACKETS_H

#include "media/handle.h"

// Makes v->packet packet number v->next_packet; *ended at the end of the file.
sslact_status packets_fetch(video *v, bool *ended);
// Lets go of it and counts on.
void packets_consume(video *v);
// Makes `number` the next packet: by reading on, by a seek that is checked against the index, or
// from the start of the file.
sslact_status packets_go_to(video *v, int32_t number);

#endif
