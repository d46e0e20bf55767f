// Frame folders and lists of pictures: every picture is a file of its own, decoded by libav from
// memory.
#include "media/folder.h"

#include <dirent.h>
#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavutil/pixdesc.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"
#include "media/compat.h"
#include "media/container.h"
#include "media/handle.h"

enum { PICTURE_BYTES_LIMIT = 512 << 20 };

struct frame_folder {
    text path;
    const deadline *limit;
    int64_t max_pixels;
    video_pictures listed; // get_path NULL: the names of a folder
    char **names;
    size_t count, capacity;
    AVCodecContext *codec;
    AVFrame *frame;
    video_info info;
};

static bool is_picture_name(const char *name)
{
    const char *extension = path_get_extension(name);
    static const char *const known[] = {".jpg", ".jpeg", ".png", ".bmp"};
    for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++) {
        if (name[0] != '.' && strcasecmp(extension, known[k]) == 0) {
            return true;
        }
    }
    return false;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static sslact_status add_name(frame_folder *f, const char *name)
{
    sslact_status status =
        array_reserve((void **)&f->names, &f->capacity, f->count + 1, sizeof(*f->names));
    if (status < 0) {
        return status;
    }
    char *copy = text_copy(name);
    if (copy == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    f->names[f->count++] = copy;
    return SSLACT_OK;
}

static sslact_status list_pictures(frame_folder *f)
{
    DIR *listing = opendir(text_get(&f->path));
    if (listing == NULL) {
        return error_set_errno(text_get(&f->path), "cannot be listed");
    }
    sslact_status status = SSLACT_OK;
    const struct dirent *entry;
    while (status >= 0 && (entry = readdir(listing)) != NULL) {
        if (is_picture_name(entry->d_name)) {
            status = add_name(f, entry->d_name);
        }
    }
    closedir(listing);
    if (status >= 0 && f->count == 0) {
        status =
            error_set(SSLACT_ERROR_NOT_FOUND,
                      "%s: the folder holds no picture (jpg, jpeg, png, bmp)", text_get(&f->path));
    }
    if (status >= 0) {
        qsort(f->names, f->count, sizeof(*f->names), compare_names);
    }
    return status;
}

sslact_status folder_visit(const char *path, sslact_status (*visit)(const char *path, void *user),
                           void *user)
{
    frame_folder listed = {0};
    text path_now = {0};
    text_append(&listed.path, path);
    sslact_status status = text_status(&listed.path);
    if (status >= 0) {
        status = list_pictures(&listed);
    }
    for (size_t n = 0; status >= 0 && n < listed.count; n++) {
        status = path_join(path, listed.names[n], &path_now);
        if (status >= 0) {
            status = visit(text_get(&path_now), user);
        }
    }
    for (size_t n = 0; n < listed.count; n++) {
        free(listed.names[n]);
    }
    free(listed.names);
    text_free(&listed.path);
    text_free(&path_now);
    return status;
}

// The content decides, names lie.
static enum AVCodecID find_codec(const uint8_t *data, size_t size)
{
    static const uint8_t png[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    if (size > sizeof(png) && memcmp(data, png, sizeof(png)) == 0) {
        return AV_CODEC_ID_PNG;
    }
    if (size > 3 && data[0] == 0xff && data[1] == 0xd8 && data[2] == 0xff) {
        return AV_CODEC_ID_MJPEG;
    }
    if (size > 26 && data[0] == 'B' && data[1] == 'M') {
        return AV_CODEC_ID_BMP;
    }
    return AV_CODEC_ID_NONE;
}

static sslact_status open_decoder(frame_folder *f, enum AVCodecID id, const char *path)
{
    if (f->codec != NULL && f->codec->codec_id == id) {
        avcodec_flush_buffers(f->codec);
        return SSLACT_OK;
    }
    avcodec_free_context(&f->codec);
    const AVCodec *decoder = avcodec_find_decoder(id);
    if (decoder == NULL) {
        return error_set(SSLACT_ERROR_UNSUPPORTED, "%s: no decoder for %s in this build of libav",
                         path, avcodec_get_name(id));
    }
    f->codec = avcodec_alloc_context3(decoder);
    if (f->codec == NULL) {
        return error_set(SSLACT_ERROR_OUT_OF_MEMORY, "%s: no memory for a decoder", path);
    }
    f->codec->thread_count = 1;
    f->codec->max_pixels = f->max_pixels;
    int error = avcodec_open2(f->codec, decoder, NULL);
    return error < 0 ? error_set(SSLACT_ERROR_DECODE, "%s: cannot open its decoder: %s", path,
                                 describe_av_error(error))
                     : SSLACT_OK;
}

static sslact_status decode_bytes(frame_folder *f, const char *path, const char *data, size_t size)
{
    AVPacket *packet = av_packet_alloc();
    if (packet == NULL || av_new_packet(packet, (int)size) < 0) {
        av_packet_free(&packet);
        return error_set(SSLACT_ERROR_OUT_OF_MEMORY, "%s: no memory for a picture", path);
    }
    memcpy(packet->data, data, size);
    packet->flags |= AV_PKT_FLAG_KEY; // else the PNG decoder adds the picture before it
    av_frame_unref(f->frame);
    int error = avcodec_send_packet(f->codec, packet);
    if (error >= 0) {
        avcodec_send_packet(f->codec, NULL);
        error = avcodec_receive_frame(f->codec, f->frame);
    }
    av_packet_free(&packet);
    bool damaged = error >= 0 && (f->frame->decode_error_flags != 0 ||
                                  (f->frame->flags & AV_FRAME_FLAG_CORRUPT) != 0);
    if (error < 0 || damaged) {
        return error_set(SSLACT_ERROR_DECODE, "%s: cannot be decoded, the picture is damaged: %s",
                         path, describe_av_error(error < 0 ? error : AVERROR_INVALIDDATA));
    }
    return SSLACT_OK;
}

// The pictures of a list are checked, those of a folder have always been resized to one size.
static sslact_status check_size(const frame_folder *f, const char *path)
{
    const video_info *first = &f->info;
    if (f->listed.get_path == NULL || first->stored_width == 0 ||
        (f->frame->width == first->stored_width && f->frame->height == first->stored_height)) {
        return SSLACT_OK;
    }
    return error_set(SSLACT_ERROR_DECODE, "%s: %d x %d pixels, the first picture of %s has %d x %d",
                     path, f->frame->width, f->frame->height, text_get(&f->path),
                     first->stored_width, first->stored_height);
}

static sslact_status get_picture_path(const frame_folder *f, int64_t n, text *out)
{
    const video_pictures *listed = &f->listed;
    return listed->get_path != NULL ? listed->get_path(listed->user, listed->video, n, out)
                                    : path_join(text_get(&f->path), f->names[n], out);
}

// Decodes picture number n into f->frame.
static sslact_status load_picture(frame_folder *f, int64_t n)
{
    text path = {0};
    char *data = NULL;
    size_t size = 0;
    sslact_status status = get_picture_path(f, n, &path);
    if (status >= 0) {
        status = file_read(text_get(&path), PICTURE_BYTES_LIMIT, &data, &size);
    }
    if (status < 0) {
        goto out;
    }
    enum AVCodecID id = find_codec((const uint8_t *)data, size);
    if (id == AV_CODEC_ID_NONE) {
        status = error_set(SSLACT_ERROR_DECODE,
                           "%s: cannot be decoded, it begins like no JPEG, PNG or BMP file",
                           text_get(&path));
        goto out;
    }
    status = open_decoder(f, id, text_get(&path));
    if (status >= 0) {
        status = decode_bytes(f, text_get(&path), data, size);
    }
    status = status < 0 ? status : check_size(f, text_get(&path));
out:
    free(data);
    text_free(&path);
    return status;
}

static sslact_status use_list(frame_folder *f, const video_pictures *listed)
{
    if (listed->count < 1) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT, "%s: %lld pictures, expected one or more",
                         text_get(&f->path), (long long)listed->count);
    }
    f->listed = *listed;
    f->count = (size_t)listed->count;
    return SSLACT_OK;
}

sslact_status folder_open(const char *path, const video_pictures *listed, int64_t max_pixels,
                          const deadline *limit, frame_folder **out)
{
    compat_quieten();
    frame_folder *f = array_create(1, sizeof(*f));
    if (f == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    f->max_pixels = max_pixels;
    f->limit = limit;
    f->frame = av_frame_alloc();
    text_append(&f->path, path);
    sslact_status status = text_status(&f->path);
    if (status >= 0 && f->frame == NULL) {
        status = error_set(SSLACT_ERROR_OUT_OF_MEMORY, "%s: no memory for a picture", path);
    }
    if (status >= 0) {
        status = listed != NULL ? use_list(f, listed) : list_pictures(f);
    }
    status = status < 0 ? status : load_picture(f, 0);
    if (status < 0) {
        folder_close(f);
        return status;
    }
    const char *format = av_get_pix_fmt_name((enum AVPixelFormat)f->frame->format);
    f->info.stored_width = f->frame->width;
    f->info.stored_height = f->frame->height;
    f->info.codec = avcodec_get_name(f->codec->codec_id);
    f->info.pixel_format = format != NULL ? format : "unknown";
    *out = f;
    return SSLACT_OK;
}

void folder_close(frame_folder *f)
{
    if (f == NULL) {
        return;
    }
    for (size_t k = 0; f->names != NULL && k < f->count; k++) {
        free(f->names[k]);
    }
    free(f->names);
    avcodec_free_context(&f->codec);
    av_frame_free(&f->frame);
    text_free(&f->path);
    free(f);
}

int64_t folder_count(const frame_folder *f)
{
    return (int64_t)f->count;
}

void folder_describe(const frame_folder *f, video_info *out)
{
    *out = f->info;
}

sslact_status folder_read(frame_folder *f, const int64_t *frames, size_t count, picture_sink sink,
                          void *user)
{
    sslact_status status = SSLACT_OK;
    for (size_t k = 0; k < count && status >= 0; k++) {
        if (deadline_passed(f->limit)) {
            return deadline_report(f->limit, text_get(&f->path));
        }
        bool repeated = k > 0 && frames[k] == frames[k - 1];
        status = repeated ? SSLACT_OK : load_picture(f, frames[k]);
        if (status >= 0) {
            picture p = describe_picture(f->frame, frames[k]);
            status = sink(&p, k, user);
        }
    }
    return status < 0 ? status : SSLACT_OK;
}
