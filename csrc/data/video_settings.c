// From keys to the options of an opening.
#include "data/video_settings.h"

#include <stdlib.h>

#include "base/file.h"

enum { LEAST_BYTES_IN_CACHE_FOLDER = 1 << 20 };

// Relative values are not valid by the rules for these variables and count as unset.
static const char *get_folder_variable(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] == '/' ? value : NULL;
}

static sslact_status find_cache_folder(text *out)
{
    const char *cache = get_folder_variable("XDG_CACHE_HOME");
    const char *home = get_folder_variable("HOME");
    if (cache != NULL) {
        return path_join(cache, "sslact/index", out);
    }
    return home != NULL ? path_join(home, ".cache/sslact/index", out) : SSLACT_OK;
}

static sslact_status choose_index_folder(const config *c, video_settings *s)
{
    if (!config_get_bool(c, "perf.kept_index")) {
        return SSLACT_OK;
    }
    const char *given = config_get_text(c, "data.index_folder");
    sslact_status status = SSLACT_OK;
    if (given[0] != '\0') {
        text_append(&s->index_folder, given);
        status = text_status(&s->index_folder);
    } else {
        s->options.index_least_bytes = LEAST_BYTES_IN_CACHE_FOLDER;
        status = find_cache_folder(&s->index_folder);
    }
    if (status >= 0 && s->index_folder.length > 0) {
        s->options.index_folder = text_get(&s->index_folder);
    }
    return status;
}

sslact_status video_settings_read(const config *c, video_settings *out)
{
    out->options.folder_frame_rate = config_get_double(c, "data.folder_frame_rate");
    out->options.no_frame_skipping = !config_get_bool(c, "perf.frame_skipping");
    return choose_index_folder(c, out);
}

void video_settings_clear(video_settings *s)
{
    text_free(&s->index_folder);
    *s = (video_settings){0};
}
