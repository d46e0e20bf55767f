// Reading and writing kept frame indexes.
#include "media/index_store.h"

#include <libavutil/md5.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

enum { DIGEST_BYTES = 16 };

static const int64_t settling_ns = INT64_C(2000000000);

sslact_status index_store_find(const char *folder, const char *video_path, text *index_path,
                               text *real_path)
{
    char *real = realpath(video_path, NULL);
    if (real == NULL) {
        return error_set_errno(video_path, "cannot be found");
    }
    uint8_t digest[DIGEST_BYTES];
    av_md5_sum(digest, (const uint8_t *)real, strlen(real));
    text_append(real_path, real);
    free(real);
    text_append_format(index_path, "%s/", folder);
    for (int k = 0; k < DIGEST_BYTES; k++) {
        text_append_format(index_path, "%02x", digest[k]);
    }
    text_append(index_path, ".index");
    sslact_status status = text_status(real_path);
    return status < 0 ? status : text_status(index_path);
}

bool index_store_load(const char *index_path, const index_key *key, kept_index *out)
{
    char *data = NULL;
    size_t size = 0;
    if (!file_exists(index_path) || file_read(index_path, INDEX_FILE_LIMIT, &data, &size) < 0) {
        return false;
    }
    bool usable = index_file_decode((const uint8_t *)data, size, key, out);
    free(data);
    return usable;
}

static bool is_settled(int64_t modified_ns)
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) {
        return false;
    }
    int64_t now_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    return modified_ns < now_ns - settling_ns || modified_ns > now_ns + settling_ns;
}

static sslact_status write_index(const char *index_path, const text *bytes)
{
    text folder = {0};
    sslact_status status = path_get_folder(index_path, &folder);
    status = status < 0 ? status : file_make_folder(text_get(&folder));
    status = status < 0 ? status : file_write(index_path, text_get(bytes), bytes->length);
    text_free(&folder);
    return status;
}

// One warning a process; a folder that cannot be written would give one for every video.
static void report_failure(void)
{
    static atomic_flag warned = ATOMIC_FLAG_INIT;
    log_write(atomic_flag_test_and_set(&warned) ? SSLACT_LOG_DEBUG : SSLACT_LOG_WARNING, "media",
              "frame indexes cannot be kept, opening videos stays slow: %s",
              sslact_error_get_message());
}

void index_store_save(const char *index_path, const index_key *key, const stream_facts *facts,
                      orientation turn, const frame_index *index)
{
    if (!is_settled(key->modified_ns)) {
        return;
    }
    text bytes = {0};
    index_file_encode(key, facts, turn, index, &bytes);
    sslact_status status = text_status(&bytes);
    if (status >= 0 && bytes.length <= INDEX_FILE_LIMIT) {
        status = write_index(index_path, &bytes);
    }
    if (status < 0) {
        report_failure();
    }
    text_free(&bytes);
}

void index_store_remove(const char *index_path)
{
    (void)unlink(index_path);
}
