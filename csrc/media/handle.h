// What a video handle holds; for the sources of this room that implement video.h.
#ifndef MEDIA_HANDLE_H
#define MEDIA_HANDLE_H

#include "media/container.h"
#include "media/convert.h"
#include "media/folder.h"
#include "media/index.h"
#include "media/video.h"

// A decoded picture kept until every packet that it may have been made from is known to be good.
typedef struct held_picture {
    AVFrame *frame;
    int64_t number;
} held_picture;

// What a copy knows of its original; pts is owned.
typedef struct stand_in {
    video_original original;
    int64_t *pts; // NULL: times of a folder of pictures
} stand_in;

struct video {
    char *path;
    char *index_path;      // where the index is kept, NULL: nowhere
    bool index_is_kept;    // it was read from there
    bool misfit;           // a packet was not the one indexed
    video_options options; // with the defaults filled in
    deadline limit;
    converter *convert;     // created by the first read of RGB pictures
    frame_folder *pictures; // a frame folder, or NULL; then the rest is unused

    stand_in *copied; // this is a copy of another video; else NULL

    container file;
    frame_index index;
    orientation turn;

    AVPacket *packet;
    AVFrame *frame;
    // One run of the decoder: from a start packet on, without a flush.
    uint32_t run; // 0 = none yet
    int32_t start_packet;
    int32_t next_packet; // in file order, what the demuxer gives next; -1 unknown
    bool pending;        // `packet` already holds packet number next_packet
    bool stale;          // the demuxer must be started anew before the next use
    bool draining, drained;
    int64_t sent_count;   // packets given to the decoder since the file was opened
    int32_t error_streak; // libav errors without a picture between them
    int64_t last_frame;   // the latest that came out in this run, -1 none
    int32_t judged_group; // packets from here up to judged_next are known to be good
    int32_t judged_next;
    held_picture *held; // ascending numbers
    size_t held_count, held_capacity;
};

// indexer.c
//
// Opens the file and fills v->index: from a kept index where there is one, else from the packets,
// decoding only where it must; then keeps it.
sslact_status indexer_open(video *v);
// Makes the index anew after a kept one proved wrong. DECODE when that changes the frames.
sslact_status indexer_repair(video *v);

// reader.c
sslact_status reader_read(video *v, const int64_t *frames, size_t count, picture_sink sink,
                          void *user);
void reader_close(video *v);

// stand_in.c
void stand_in_free(stand_in *s); // NULL is fine
// Cuts what was added to the picture off.
sslact_status stand_in_crop(const stand_in *s, const char *path, picture *p);

// A picture's public form.
picture describe_picture(const AVFrame *frame, int64_t number);

#endif
