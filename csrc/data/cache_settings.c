// From keys to the recipe and the places of copies.
#include "data/cache_settings.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"

enum { H264_QUALITY = 18, MJPEG_QUALITY = 3, KEY_FRAME_INTERVAL = 16 };

bool cache_is_wanted(const config *c)
{
    return config_get_text(c, "data.cache")[0] != '\0';
}

bool cache_serves(const config *c, split_kind kind)
{
    return cache_is_wanted(c) &&
           (kind != SPLIT_VALIDATION || config_get_bool(c, "data.cache_evaluate"));
}

// The largest side that a view of a clip starts from; 0: the video's own.
static int32_t find_needed_side(const config *c)
{
    int64_t side = config_get_int(c, "data.short_side");
    int64_t largest = config_get_int(c, "augment.scale_max");
    return (int32_t)(side == 0 || side > largest ? side : largest);
}

void cache_recipe_read(const config *c, cache_recipe *out)
{
    bool jpeg = strcmp(config_get_text(c, "data.cache_codec"), "mjpeg") == 0;
    int64_t quality = config_get_int(c, "data.cache_quality");
    int64_t side = config_get_int(c, "data.cache_short_side");
    snprintf(out->codec, sizeof out->codec, "%s", jpeg ? "mjpeg" : "h264");
    out->quality = (int32_t)(quality > 0 ? quality : jpeg ? MJPEG_QUALITY : H264_QUALITY);
    out->key_frame_interval = jpeg ? 1 : KEY_FRAME_INTERVAL;
    out->short_side = side > 0 ? (int32_t)side : find_needed_side(c);
}

sslact_status cache_describe(const config *c, split_kind kind, bool evaluates, text *out)
{
    cache_recipe r;
    bool on_evaluation = config_get_bool(c, "data.cache_evaluate");
    if (!cache_serves(c, kind) || (evaluates && !on_evaluation)) {
        return SSLACT_OK;
    }
    cache_recipe_read(c, &r);
    text_append_format(out, "%s quality %d, ", r.codec, r.quality);
    if (r.short_side > 0) {
        text_append_format(out, "short side %d", r.short_side);
    } else {
        text_append(out, "full size");
    }
    text_append_format(out, ", from %s", config_get_text(c, "data.cache"));
    return text_status(out);
}

sslact_status cache_recipe_compare(const cache_recipe *made, const cache_recipe *wanted,
                                   const char *place)
{
    if (made->short_side != wanted->short_side) {
        return error_set(
            SSLACT_ERROR_MISMATCH,
            "%s: the copy was made with short side %d, this config asks for %d "
            "(data.short_side, augment.scale_max, data.cache_short_side; 0 is the full "
            "size)",
            place, made->short_side, wanted->short_side);
    }
    if (strcmp(made->codec, wanted->codec) != 0 || made->quality != wanted->quality ||
        made->key_frame_interval != wanted->key_frame_interval) {
        return error_set(
            SSLACT_ERROR_MISMATCH,
            "%s: the copy was made as %s of quality %d with a key frame every %d, this "
            "config asks for %s, %d and %d (data.cache_codec, data.cache_quality)",
            place, made->codec, made->quality, made->key_frame_interval, wanted->codec,
            wanted->quality, wanted->key_frame_interval);
    }
    return SSLACT_OK;
}

static bool share_videos(const config *c, split_kind a, split_kind b)
{
    static const char *const keys[] = {"video_root", "file_names"};
    bool same = true;
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
        const char *of_a = config_get_split_text(c, split_get_name(a), keys[k]);
        const char *of_b = config_get_split_text(c, split_get_name(b), keys[k]);
        same = same && strcmp(of_a, of_b) == 0;
    }
    return same;
}

sslact_status cache_locate(const config *c, split_kind kind, const char *video, text *path)
{
    static const split_kind order[] = {SPLIT_TRAIN, SPLIT_UNLABELED, SPLIT_VALIDATION};
    size_t k = 0;
    while (!share_videos(c, order[k], kind)) {
        k++;
    }
    sslact_status status =
        path_join(config_get_text(c, "data.cache"), split_get_name(order[k]), path);
    return status < 0 ? status : path_join(text_get(path), video, path);
}
