// Frame times decide, never frame counts: a stride is a step in time. But for UCF101-24, whose
// annotation counts frames.
#include "data/sampling.h"

#include <string.h>

#include "data/lines.h"

// Against the rounding of times; video_find_frame allows the same.
#define TIME_SLACK 1e-4

void sampling_read(const config *c, sampling *out)
{
    out->frame_count = (int32_t)config_get_int(c, "data.frame_count");
    out->step_seconds =
        (double)config_get_int(c, "data.frame_stride") / config_get_double(c, "data.sampling_rate");
    out->frame_gap_seconds = config_get_double(c, "data.max_frame_gap_seconds");
    out->counts_frames = strcmp(config_get_text(c, "data.dataset"), "ucf101_24") == 0;
    out->step_frames = config_get_int(c, "data.frame_stride");
}

double sampling_get_end(const sampling *s, const video *v)
{
    int64_t last = video_count_frames(v) - 1;
    return s->counts_frames ? (double)last : video_get_time(v, last);
}

static sslact_status check_frame(double last, double frame, const char *place)
{
    if (frame >= 0 && frame <= last) {
        return SSLACT_OK;
    }
    return error_set(SSLACT_ERROR_MISMATCH,
                     "%s: key frame %s of a video of %s frames, counted from 1", place,
                     show_number(frame + 1).text, show_number(last + 1).text);
}

sslact_status sampling_check_key_frame(const sampling *s, double end_seconds, double seconds,
                                       const char *place)
{
    double slack = s->frame_gap_seconds + TIME_SLACK;
    if (s->counts_frames) {
        return check_frame(end_seconds, seconds, place);
    }
    if (seconds >= -slack && seconds <= end_seconds + slack) {
        return SSLACT_OK;
    }
    return error_set(SSLACT_ERROR_MISMATCH,
                     "%s: key frame at %s s of a video from 0 to %s s (is "
                     "data.start_offset_seconds right?)",
                     place, show_number(seconds).text, show_number(end_seconds).text);
}

// Behind the end of a whole video its last frame stands still. Of one that was cut off the frames
// are lost: repeating the last would be a clip that never was.
static sslact_status check_cut(const video *v, double end, double wanted, const char *place)
{
    video_info info;
    video_describe(v, &info);
    if (!info.truncated || wanted <= end + TIME_SLACK) {
        return SSLACT_OK;
    }
    return error_set(SSLACT_ERROR_DECODE,
                     "%s: the file is cut off after %s s, the clip needs a frame at %s s", place,
                     show_number(end).text, show_number(wanted).text);
}

// Frames c - T/2 * step, ..., in the order of presentation, clamped to the video.
static sslact_status choose_by_number(const sampling *s, const video *v, int64_t centre,
                                      const char *place, int64_t *frames)
{
    video_info info;
    int64_t last = video_count_frames(v) - 1;
    video_describe(v, &info);
    for (int32_t k = 0; k < s->frame_count; k++) {
        int64_t wanted = centre + (k - s->frame_count / 2) * s->step_frames;
        if (info.truncated && wanted > last) { // as in check_cut
            return error_set(SSLACT_ERROR_DECODE,
                             "%s: the file is cut off after %lld frames, the clip needs number "
                             "%lld",
                             place, (long long)last + 1, (long long)wanted + 1);
        }
        frames[k] = wanted < 0 ? 0 : wanted > last ? last : wanted;
    }
    return SSLACT_OK;
}

sslact_status sampling_choose(const sampling *s, const video *v, double seconds, const char *place,
                              int64_t *frames)
{
    double end = sampling_get_end(s, v);
    sslact_status status = sampling_check_key_frame(s, end, seconds, place);
    if (status >= 0 && s->counts_frames) {
        return choose_by_number(s, v, (int64_t)seconds, place, frames);
    }
    for (int32_t k = 0; status >= 0 && k < s->frame_count; k++) {
        double wanted = seconds + (k - s->frame_count / 2) * s->step_seconds;
        status = check_cut(v, end, wanted, place);
        if (status < 0) {
            break;
        }
        wanted = wanted < 0 ? 0 : wanted > end ? end : wanted;
        frames[k] = video_find_frame(v, wanted);
        double gap = wanted - video_get_time(v, frames[k]);
        if (gap > s->frame_gap_seconds + TIME_SLACK) {
            status = error_set(SSLACT_ERROR_DECODE,
                               "%s: the last frame before %s s is %s s earlier, accepted are %s s "
                               "(data.max_frame_gap_seconds)",
                               place, show_number(wanted).text, show_number(gap).text,
                               show_number(s->frame_gap_seconds).text);
        }
    }
    return status;
}
