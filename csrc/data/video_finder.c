// Where a video lies. The folder tree is walked once, and only when an id is not found directly.
#include "data/video_finder.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/file.h"
#include "data/ava_files.h"

#define TREE_MAX_DEPTH 16
#define TREE_MAX_ENTRIES 4000000

static const char *const video_extensions[] = {".mp4", ".mkv", ".webm", ".avi", ".mov",
                                               ".m4v", ".mpg", ".mpeg", ".ts",  ".ogv",
                                               ".flv", ".wmv", ".3gp",  NULL};
// What stands beside videos and is none; every other file may be one.
static const char *const other_extensions[] = {".csv",   ".txt",  ".json", ".xml", ".srt", ".vtt",
                                               ".md",    ".yaml", ".yml",  ".log", ".pkl", ".npy",
                                               ".pbtxt", ".wav",  ".mp3",  ".aac", ".zip", NULL};
static const char *const picture_extensions[] = {".jpg", ".jpeg", ".png", ".bmp", NULL};

typedef struct found_file {
    char *path;  // below the root
    size_t stem; // length without extension
    bool likely; // a folder of pictures, or a file with a video's extension
} found_file;

struct video_finder {
    char *root;
    char *list_path; // "" without a list
    name_table listed;
    bool walked;
    found_file *files; // [file_count], of the list or of the walk
    size_t file_count, file_capacity;
    int64_t entries; // seen on the walk
};

static bool has_extension(const char *name, const char *const *extensions)
{
    const char *extension = path_get_extension(name);
    for (; *extensions != NULL; extensions++) {
        if (strcasecmp(extension, *extensions) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_file(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISREG(facts.st_mode);
}

// A file of pictures or a folder, as a video: what video_open takes.
static bool is_readable_video(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && (S_ISREG(facts.st_mode) || S_ISDIR(facts.st_mode));
}

// --- the list of files ---

static sslact_status add_file(video_finder *f, const char *path, bool is_folder, bool likely)
{
    sslact_status status =
        array_reserve((void **)&f->files, &f->file_capacity, f->file_count + 1, sizeof *f->files);
    if (status < 0) {
        return status;
    }
    char *copy = text_copy(path);
    if (copy == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    size_t extension = is_folder ? 0 : strlen(path_get_extension(copy));
    f->files[f->file_count++] = (found_file){copy, strlen(copy) - extension, likely};
    return SSLACT_OK;
}

// The stem's last part decides where a file sorts, so that an id is found by bisection.
static const char *get_name(const found_file *file)
{
    return path_get_name(file->path);
}

static size_t get_name_length(const found_file *file)
{
    return file->stem - (size_t)(get_name(file) - file->path);
}

static int compare_bytes(const char *a, size_t a_length, const char *b, size_t b_length)
{
    int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
    return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}

static int compare_files(const void *a, const void *b)
{
    const found_file *left = a, *right = b;
    int order = compare_bytes(get_name(left), get_name_length(left), get_name(right),
                              get_name_length(right));
    return order != 0 ? order : strcmp(left->path, right->path);
}

// "Class/video" matches "part1/Class/video.avi": the id is the end of the stem, at a slash.
static bool is_match(const found_file *file, const char *video, size_t length)
{
    return file->stem >= length && memcmp(file->path + file->stem - length, video, length) == 0 &&
           (file->stem == length || file->path[file->stem - length - 1] == '/');
}

// Where the files whose names without extension are these bytes begin.
static size_t find_name(const video_finder *f, const char *name, size_t length)
{
    size_t low = 0, high = f->file_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const found_file *file = &f->files[middle];
        if (compare_bytes(get_name(file), get_name_length(file), name, length) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

// The first match in the byte order of paths, one with a video's extension before others; NULL when
// there is none. extension NULL: any; length is that of the id without it.
static const found_file *find_stem(const video_finder *f, const char *id, size_t length,
                                   const char *extension)
{
    const char *name = path_get_name(id);
    size_t name_length = length - (size_t)(name - id);
    const found_file *second = NULL;
    for (size_t i = find_name(f, name, name_length); i < f->file_count; i++) {
        const found_file *file = &f->files[i];
        if (compare_bytes(get_name(file), get_name_length(file), name, name_length) != 0) {
            break;
        }
        if (!is_match(file, id, length) ||
            (extension != NULL && strcmp(file->path + file->stem, extension) != 0)) {
            continue;
        }
        if (file->likely) {
            return file;
        }
        second = second == NULL ? file : second;
    }
    return second;
}

// By id, or by the name of the file with its extension.
static const found_file *find_file(const video_finder *f, const char *id)
{
    size_t length = strlen(id), extension = strlen(path_get_extension(id));
    const found_file *file = find_stem(f, id, length, NULL);
    if (file == NULL && extension > 0) {
        file = find_stem(f, id, length - extension, path_get_extension(id));
    }
    return file;
}

// --- the walk ---

// The folders above the one being read: a link that leads back into them ends the walk there.
typedef struct ancestor {
    dev_t device;
    ino_t inode;
    int depth;
    const struct ancestor *parent;
} ancestor;

static bool is_above(const ancestor *a, const struct stat *facts)
{
    for (; a != NULL; a = a->parent) {
        if (a->device == facts->st_dev && a->inode == facts->st_ino) {
            return true;
        }
    }
    return false;
}

static sslact_status walk(video_finder *f, const char *folder, const ancestor *parent);

// `below` is the path of the entry below the root.
static sslact_status visit(video_finder *f, const char *below, const ancestor *above,
                           bool *is_picture)
{
    text path = {0};
    struct stat facts;
    sslact_status status = path_join(f->root, below, &path);
    bool there = status >= 0 && stat(text_get(&path), &facts) == 0;
    text_free(&path);
    if (!there) {
        return status; // a dangling link
    }
    if (S_ISDIR(facts.st_mode)) {
        return is_above(above, &facts) ? SSLACT_OK : walk(f, below, above);
    }
    *is_picture = S_ISREG(facts.st_mode) && has_extension(below, picture_extensions);
    if (!S_ISREG(facts.st_mode) || *is_picture || has_extension(below, other_extensions)) {
        return SSLACT_OK;
    }
    return add_file(f, below, false, has_extension(below, video_extensions));
}

static sslact_status visit_all(video_finder *f, DIR *stream, const char *folder,
                               const ancestor *above, bool *has_pictures)
{
    sslact_status status = SSLACT_OK;
    for (struct dirent *entry; status >= 0 && (entry = readdir(stream)) != NULL;) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        if (++f->entries > TREE_MAX_ENTRIES) {
            return error_set(SSLACT_ERROR_UNSUPPORTED,
                             "%s: more than %d files below the video folder; name the files in "
                             "data.file_names",
                             f->root, TREE_MAX_ENTRIES);
        }
        // Pictures come by the thousand: one of them tells what the folder is.
        if (*has_pictures && has_extension(entry->d_name, picture_extensions)) {
            continue;
        }
        text below = {0};
        bool is_picture = false;
        status = path_join(folder, entry->d_name, &below);
        if (status >= 0) {
            status = visit(f, text_get(&below), above, &is_picture);
        }
        *has_pictures = *has_pictures || is_picture;
        text_free(&below);
    }
    return status;
}

static sslact_status walk(video_finder *f, const char *folder, const ancestor *parent)
{
    text path = {0};
    struct stat facts;
    bool has_pictures = false;
    ancestor self = {.depth = parent != NULL ? parent->depth + 1 : 0, .parent = parent};
    if (self.depth > TREE_MAX_DEPTH) {
        return SSLACT_OK;
    }
    sslact_status status = path_join(f->root, folder, &path);
    DIR *stream = status < 0 ? NULL : opendir(text_get(&path));
    if (status >= 0 && (stream == NULL || fstat(dirfd(stream), &facts) != 0)) {
        status = error_set_errno(text_get(&path), "cannot be searched for videos");
    }
    if (status >= 0) {
        self.device = facts.st_dev;
        self.inode = facts.st_ino;
        status = visit_all(f, stream, folder, &self, &has_pictures);
    }
    if (stream != NULL) {
        closedir(stream);
    }
    if (status >= 0 && has_pictures && folder[0] != '\0') {
        status = add_file(f, folder, true, true);
    }
    text_free(&path);
    return status;
}

static sslact_status walk_once(video_finder *f)
{
    if (f->walked) {
        return SSLACT_OK;
    }
    sslact_status status = walk(f, "", NULL);
    if (status >= 0) {
        qsort(f->files, f->file_count, sizeof *f->files, compare_files);
        f->walked = true;
    }
    return status;
}

// --- finding ---

#define SUGGESTION_MAX_FILES 5000

// The file whose name is nearest to an id that was not found; NULL when none is near.
static const char *suggest(const video_finder *f, const char *id)
{
    const char *name = path_get_name(id), *best = NULL;
    size_t least = strlen(name) / 3 > 2 ? strlen(name) / 3 : 2;
    if (f->file_count > SUGGESTION_MAX_FILES) {
        return NULL;
    }
    for (size_t i = 0; i < f->file_count; i++) {
        char stem[256];
        const found_file *file = &f->files[i];
        snprintf(stem, sizeof stem, "%.*s", (int)get_name_length(file), get_name(file));
        size_t distance = text_distance(name, stem);
        size_t with_extension = text_distance(name, get_name(file));
        distance = with_extension < distance ? with_extension : distance;
        if (file->likely && distance <= least && (best == NULL || distance < least)) {
            least = distance;
            best = file->path;
        }
    }
    return best;
}

static sslact_status report_missing(const video_finder *f, const char *video)
{
    const char *near = suggest(f, video);
    if (f->list_path[0] != '\0') {
        return error_set(SSLACT_ERROR_NOT_FOUND, "video \"%s\" is not in the list %s%s%s%s", video,
                         f->list_path, near != NULL ? ", did you mean \"" : "",
                         near != NULL ? near : "", near != NULL ? "\"" : "");
    }
    if (near != NULL) {
        return error_set(SSLACT_ERROR_NOT_FOUND,
                         "video \"%s\" not found below %s, did you mean \"%s\"", video, f->root,
                         near);
    }
    return error_set(SSLACT_ERROR_NOT_FOUND,
                     "video \"%s\" not found, expected %s.mp4, .mkv, .webm, .avi or another video "
                     "file, or a folder of pictures of that name, below %s",
                     video, path_get_name(video), f->root);
}

// ID.mp4 and so on in the root itself, where nearly everybody has them.
static sslact_status find_directly(const video_finder *f, const char *video, text *path)
{
    sslact_status status = path_join(f->root, video, path);
    size_t length = path->length;
    if (status >= 0 && is_file(text_get(path))) {
        return SSLACT_OK; // the id is the name of the file
    }
    for (size_t i = 0; status >= 0 && video_extensions[i] != NULL; i++) {
        text candidate = {0};
        text_append_bytes(&candidate, path->data, length);
        text_append(&candidate, video_extensions[i]);
        status = text_status(&candidate);
        if (status >= 0 && is_readable_video(text_get(&candidate))) {
            text_free(path);
            *path = candidate;
            return SSLACT_OK;
        }
        text_free(&candidate);
    }
    if (status >= 0 && file_is_folder(text_get(path))) {
        return SSLACT_OK;
    }
    return status < 0 ? status : SSLACT_DONE;
}

static sslact_status find_in_files(const video_finder *f, const char *video, text *path)
{
    const found_file *file = find_file(f, video);
    if (file == NULL) {
        return report_missing(f, video);
    }
    sslact_status status = path_join(f->root, file->path, path);
    if (status >= 0 && !is_readable_video(text_get(path))) {
        status = error_set(SSLACT_ERROR_NOT_FOUND, "video \"%s\" not found, expected %s", video,
                           text_get(path));
    }
    return status;
}

static sslact_status find_path(video_finder *f, const char *video, text *path)
{
    if (!ava_is_safe_path(video)) {
        return error_set(SSLACT_ERROR_INVALID_ARGUMENT,
                         "video id \"%s\" cannot be a file below the video folder", video);
    }
    if (f->list_path[0] == '\0') {
        sslact_status status = find_directly(f, video, path);
        if (status != SSLACT_DONE) {
            return status;
        }
        text_clear(path);
        status = walk_once(f);
        if (status < 0) {
            return status;
        }
    }
    return find_in_files(f, video, path);
}

sslact_status video_finder_find(video_finder *f, const char *video, text *path)
{
    text found = {0};
    sslact_status status = find_path(f, video, &found);
    if (status < 0) {
        text_free(&found);
        return status;
    }
    text_free(path);
    *path = found;
    return SSLACT_OK;
}

// --- opening ---

static sslact_status read_list(video_finder *f)
{
    data_problems problems = {0};
    sslact_status status = ava_file_names_read(f->list_path, &problems, &f->listed);
    for (size_t i = 0; status >= 0 && i < f->listed.count; i++) {
        status = add_file(f, f->listed.names[i], false, true);
    }
    if (status >= 0) {
        qsort(f->files, f->file_count, sizeof *f->files, compare_files);
    }
    return status;
}

sslact_status video_finder_open(const char *root, const char *file_names, video_finder **out)
{
    if (!file_is_folder(root)) {
        return error_set(SSLACT_ERROR_NOT_FOUND,
                         "%s: no such folder, expected that of the videos "
                         "(data.video_root)",
                         root);
    }
    video_finder *f = array_create(1, sizeof *f);
    if (f == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    f->root = text_copy(root);
    f->list_path = text_copy(file_names);
    sslact_status status =
        f->root == NULL || f->list_path == NULL ? SSLACT_ERROR_OUT_OF_MEMORY : SSLACT_OK;
    if (status >= 0 && file_names[0] != '\0') {
        status = read_list(f);
    }
    if (status < 0) {
        video_finder_free(f);
        return status;
    }
    *out = f;
    return SSLACT_OK;
}

void video_finder_free(video_finder *f)
{
    if (f == NULL) {
        return;
    }
    for (size_t i = 0; i < f->file_count; i++) {
        free(f->files[i].path);
    }
    free(f->files);
    name_table_free(&f->listed);
    free(f->root);
    free(f->list_path);
    free(f);
}
