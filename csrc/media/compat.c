// What differs between versions of libav, and the check that the running libraries are the ones
// this was compiled for.
#include "media/compat.h"

#include <stdio.h>

#include <libavcodec/version.h>
#include <libavformat/version.h>
#include <libavutil/avutil.h>
#include <libavutil/log.h>
#include <libswscale/swscale.h>
#include <pthread.h>

#include "media/video.h"

const int32_t *compat_get_display_matrix(const AVStream *stream)
{
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 29, 100)
    const AVPacketSideData *data =
        av_packet_side_data_get(stream->codecpar->coded_side_data,
                                stream->codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
    return data != NULL && data->size >= 9 * sizeof(int32_t) ? (const int32_t *)data->data : NULL;
#else
    size_t size = 0;
    const uint8_t *data = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
    return data != NULL && size >= 9 * sizeof(int32_t) ? (const int32_t *)data : NULL;
#endif
}

int compat_count_index_entries(const AVStream *stream)
{
    int count = avformat_index_get_entries_count(stream);
    return count > 0 ? count : 0;
}

static void quieten_once(void)
{
    if (av_log_get_level() == AV_LOG_INFO) {
        av_log_set_level(AV_LOG_QUIET);
    }
}

void compat_quieten(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, quieten_once);
}

typedef struct library {
    const char *name;
    unsigned compiled;
    unsigned running;
} library;

enum { LIBRARY_COUNT = 4 };

static void list_libraries(library out[LIBRARY_COUNT])
{
    out[0] = (library){"libavformat", LIBAVFORMAT_VERSION_INT, avformat_version()};
    out[1] = (library){"libavcodec", LIBAVCODEC_VERSION_INT, avcodec_version()};
    out[2] = (library){"libavutil", LIBAVUTIL_VERSION_INT, avutil_version()};
    out[3] = (library){"libswscale", LIBSWSCALE_VERSION_INT, swscale_version()};
}

sslact_status media_check_versions(void)
{
    library libraries[LIBRARY_COUNT];
    list_libraries(libraries);
    for (int k = 0; k < LIBRARY_COUNT; k++) {
        const library *l = &libraries[k];
        if (AV_VERSION_MAJOR(l->compiled) != AV_VERSION_MAJOR(l->running)) {
            return error_set(SSLACT_ERROR_MISMATCH,
                             "%s %u is loaded, but this library was built for %s %u", l->name,
                             AV_VERSION_MAJOR(l->running), l->name, AV_VERSION_MAJOR(l->compiled));
        }
    }
    return SSLACT_OK;
}

static char versions_text[160];

static void write_versions(void)
{
    library libraries[LIBRARY_COUNT];
    list_libraries(libraries);
    size_t used = 0;
    for (int k = 0; k < LIBRARY_COUNT && used < sizeof(versions_text); k++) {
        unsigned version = libraries[k].running;
        int written = snprintf(versions_text + used, sizeof(versions_text) - used, "%s%s %u.%u.%u",
                               k == 0 ? "" : ", ", libraries[k].name, AV_VERSION_MAJOR(version),
                               AV_VERSION_MINOR(version), AV_VERSION_MICRO(version));
        used += written > 0 ? (size_t)written : 0;
    }
}

const char *media_get_versions(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, write_versions);
    return versions_text;
}
