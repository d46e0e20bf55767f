// Paths as text: joining, splitting, absolute forms. Nothing here looks at the disk, but for the
// working folder.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

// Puts the finished text in place of *out. Built apart, because the inputs may point into *out.
static sslact_status replace(text *out, text *built)
{
    sslact_status status = text_status(built);
    if (status != SSLACT_OK) {
        text_free(built);
        return status;
    }
    text_free(out);
    *out = *built;
    return SSLACT_OK;
}

sslact_status path_join(const char *folder, const char *name, text *out)
{
    text built = {0};
    if (*folder && name[0] != '/') {
        text_append(&built, folder);
        if (built.length > 0 && built.data[built.length - 1] != '/') {
            text_append(&built, "/");
        }
    }
    text_append(&built, name);
    return replace(out, &built);
}

static void drop_last_part(text *path)
{
    while (path->length > 0 && path->data[path->length - 1] != '/') {
        path->length--;
    }
    if (path->length > 0) {
        path->length--;
    }
    if (path->data) {
        path->data[path->length] = '\0';
    }
}

// Appends the parts of path, taking "." and ".." out; built has no slash at its end.
static void append_parts(text *built, const char *path)
{
    while (*path) {
        size_t length = strcspn(path, "/");
        if (length == 2 && path[0] == '.' && path[1] == '.') {
            drop_last_part(built);
        } else if (length > 0 && !(length == 1 && path[0] == '.')) {
            text_append(built, "/");
            text_append_bytes(built, path, length);
        }
        path += length;
        path += strspn(path, "/");
    }
}

sslact_status path_make_absolute(const char *path, text *out)
{
    text built = {0};
    if (path[0] != '/') {
        char *folder = getcwd(NULL, 0);
        if (!folder) {
            return error_set_errno(path, "the working folder is not known");
        }
        append_parts(&built, folder);
        free(folder);
    }
    append_parts(&built, path);
    if (built.length == 0) {
        text_append(&built, "/");
    }
    return replace(out, &built);
}

sslact_status path_get_folder(const char *path, text *out)
{
    text built = {0};
    const char *slash = strrchr(path, '/');
    if (!slash) {
        text_append(&built, ".");
    } else {
        while (slash > path && slash[-1] == '/') {
            slash--;
        }
        text_append_bytes(&built, path, slash == path ? 1 : (size_t)(slash - path));
    }
    return replace(out, &built);
}

const char *path_get_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

const char *path_get_extension(const char *path)
{
    const char *name = path_get_name(path);
    const char *dot = strrchr(name, '.');
    return dot && dot != name ? dot : name + strlen(name);
}
