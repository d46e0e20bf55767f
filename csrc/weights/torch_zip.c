// Owns: reading zip files that may have been made to hurt. libzip reads the central directory; what
// it says is compared with the file before anything is allocated by it.
#include "weights/torch_zip.h"

#include "base/array.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>

#define MAX_PICKLE ((uint64_t)256 << 20)

typedef struct member {
    const char *name; // libzip's
    uint64_t index;
    uint64_t size;
} member;

struct torch_zip {
    zip_t *archive;
    char *path;
    uint64_t file_size;
    member *members; // sorted by name
    size_t count;
    char *folder; // with its slash
};

static sslact_status refuse(const torch_zip *zip, const char *name, const char *why)
{
    return error_set(SSLACT_ERROR_FORMAT, "%s: member \"%.80s\": %s", zip->path, name, why);
}

static bool is_harmless_name(const char *name)
{
    for (const char *c = name; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == '\\') {
            return false;
        }
    }
    return name[0] != '\0' && name[0] != '/' && strncmp(name, "../", 3) != 0 &&
           strstr(name, "/../") == NULL;
}

static sslact_status read_member(const torch_zip *zip, uint64_t index, uint64_t *total, member *out)
{
    zip_stat_t facts;

    if (zip_stat_index(zip->archive, index, ZIP_FL_ENC_RAW, &facts) != 0 ||
        (facts.valid & ZIP_STAT_NAME) == 0 || (facts.valid & ZIP_STAT_SIZE) == 0 ||
        (facts.valid & ZIP_STAT_COMP_SIZE) == 0 || (facts.valid & ZIP_STAT_COMP_METHOD) == 0) {
        return error_set(SSLACT_ERROR_FORMAT, "%s: member %llu has no size", zip->path,
                         (unsigned long long)index);
    }
    if (!is_harmless_name(facts.name)) {
        return refuse(zip, facts.name, "a name that leaves its folder");
    }
    if (facts.comp_method != ZIP_CM_STORE || facts.size != facts.comp_size ||
        ((facts.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 &&
         facts.encryption_method != ZIP_EM_NONE)) {
        return refuse(zip, facts.name, "it is packed; torch stores members as they are");
    }
    if (__builtin_add_overflow(*total, facts.size, total) || *total > zip->file_size) {
        return refuse(zip, facts.name, "the members are larger than the file");
    }
    *out = (member){.name = facts.name, .index = index, .size = facts.size};
    return SSLACT_OK;
}

static int compare_members(const void *a, const void *b)
{
    return strcmp(((const member *)a)->name, ((const member *)b)->name);
}

static sslact_status read_directory(torch_zip *zip)
{
    zip_int64_t count = zip_get_num_entries(zip->archive, 0);
    uint64_t total = 0;
    sslact_status status = SSLACT_OK;

    zip->members = array_create(count > 0 ? (size_t)count : 0, sizeof(*zip->members));
    if (zip->members == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    for (; (zip_int64_t)zip->count < count; zip->count++) {
        status = read_member(zip, zip->count, &total, &zip->members[zip->count]);
        if (status != SSLACT_OK) {
            return status;
        }
    }
    qsort(zip->members, zip->count, sizeof(*zip->members), compare_members);
    for (size_t i = 1; i < zip->count; i++) {
        if (strcmp(zip->members[i - 1].name, zip->members[i].name) == 0) {
            return refuse(zip, zip->members[i].name, "the name is there twice");
        }
    }
    return SSLACT_OK;
}

static const member *find_member(const torch_zip *zip, const char *name)
{
    member key = {.name = name};

    return bsearch(&key, zip->members, zip->count, sizeof(*zip->members), compare_members);
}

// A member of the top folder; NULL if there is none or memory is out.
static const member *find_in_folder(const torch_zip *zip, const char *name)
{
    text path = {0};
    const member *found = NULL;

    text_append(&path, zip->folder);
    text_append(&path, name);
    if (text_status(&path) == SSLACT_OK) {
        found = find_member(zip, text_get(&path));
    }
    text_free(&path);
    return found;
}

static sslact_status find_folder(torch_zip *zip)
{
    static const char end[] = "/data.pkl";
    const size_t length = sizeof(end) - 1;

    for (size_t i = 0; i < zip->count; i++) {
        const char *name = zip->members[i].name;
        const char *slash = strchr(name, '/');

        if (slash != NULL && strcmp(slash, end) == 0) {
            if (zip->folder != NULL) {
                return refuse(zip, name, "a second pickle");
            }
            zip->folder = text_copy_bytes(name, strlen(name) - length + 1);
            if (zip->folder == NULL) {
                return SSLACT_ERROR_OUT_OF_MEMORY;
            }
        }
    }
    if (zip->folder == NULL) {
        return error_set(SSLACT_ERROR_FORMAT,
                         "%s: a zip file without FOLDER/data.pkl, not one of torch.save",
                         zip->path);
    }
    return SSLACT_OK;
}

// Programs and files of big-endian machines are not read.
static sslact_status check_kind(torch_zip *zip)
{
    const member *order = find_in_folder(zip, "byteorder");
    char word[16] = "";
    sslact_status status = SSLACT_OK;

    if (find_in_folder(zip, "constants.pkl") != NULL) {
        return error_set(SSLACT_ERROR_FORMAT,
                         "%s: a TorchScript program; save its state_dict() with torch.save",
                         zip->path);
    }
    if (order == NULL) {
        return SSLACT_OK;
    }
    if (order->size < sizeof(word)) {
        status = torch_zip_read(zip, order->index, word, order->size);
    }
    if (status == SSLACT_OK && strcmp(word, "little") != 0) {
        return refuse(zip, order->name, "the numbers are not little-endian");
    }
    return status;
}

static sslact_status open_archive(torch_zip *zip, int descriptor)
{
    zip_error_t problem;
    int code = 0;
    int copy = dup(descriptor); // libzip closes what it opened

    if (copy < 0 || lseek(copy, 0, SEEK_SET) < 0) {
        error_set_errno(zip->path, "open");
        if (copy >= 0) {
            close(copy);
        }
        return sslact_error_get_status();
    }
    zip->archive = zip_fdopen(copy, 0, &code);
    if (zip->archive == NULL) {
        close(copy);
        zip_error_init_with_code(&problem, code);
        error_set(SSLACT_ERROR_FORMAT, "%s: its zip directory is damaged or cut off (%s)",
                  zip->path, zip_error_strerror(&problem));
        zip_error_fini(&problem);
        return SSLACT_ERROR_FORMAT;
    }
    return SSLACT_OK;
}

sslact_status torch_zip_open(int descriptor, const char *path, uint64_t file_size, torch_zip **out)
{
    torch_zip *zip = array_create(1, sizeof(*zip));
    sslact_status status = SSLACT_OK;

    if (zip == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    zip->file_size = file_size;
    zip->path = text_copy(path);
    status = zip->path != NULL ? open_archive(zip, descriptor) : SSLACT_ERROR_OUT_OF_MEMORY;
    if (status == SSLACT_OK) {
        status = read_directory(zip);
    }
    if (status == SSLACT_OK) {
        status = find_folder(zip);
    }
    if (status == SSLACT_OK) {
        status = check_kind(zip);
    }
    if (status != SSLACT_OK) {
        torch_zip_close(zip);
        return status;
    }
    *out = zip;
    return SSLACT_OK;
}

void torch_zip_close(torch_zip *zip)
{
    if (zip == NULL) {
        return;
    }
    if (zip->archive != NULL) {
        zip_discard(zip->archive);
    }
    free(zip->members);
    free(zip->folder);
    free(zip->path);
    free(zip);
}

sslact_status torch_zip_read_pickle(torch_zip *zip, char **bytes, size_t *size)
{
    const member *found = find_in_folder(zip, "data.pkl");
    char *data = NULL;
    sslact_status status = SSLACT_OK;

    if (found == NULL || found->size > MAX_PICKLE) {
        return refuse(zip, "data.pkl", "it is larger than 256 MiB");
    }
    data = array_create((size_t)found->size, 1);
    if (data == NULL) {
        return SSLACT_ERROR_OUT_OF_MEMORY;
    }
    status = torch_zip_read(zip, found->index, data, found->size);
    if (status != SSLACT_OK) {
        free(data);
        return status;
    }
    *bytes = data;
    *size = (size_t)found->size;
    return SSLACT_OK;
}

sslact_status torch_zip_find_storage(const torch_zip *zip, const char *key, uint64_t *index,
                                     uint64_t *size)
{
    text name = {0};
    const member *found = NULL;
    sslact_status status = SSLACT_OK;

    text_append_format(&name, "data/%s", key);
    status = text_status(&name);
    if (status == SSLACT_OK) {
        found = find_in_folder(zip, text_get(&name));
        if (found == NULL) {
            status = refuse(zip, text_get(&name), "the pickle names it and it is not there");
        }
    }
    text_free(&name);
    if (status == SSLACT_OK) {
        *index = found->index;
        *size = found->size;
    }
    return status;
}

// One byte more than there is makes libzip compare the checksum.
static sslact_status check_end(const torch_zip *zip, zip_file_t *file, const char *name)
{
    char byte = 0;
    zip_int64_t got = zip_fread(file, &byte, 1);

    if (got < 0) {
        return refuse(zip, name, "its bytes do not match its checksum, the file is damaged");
    }
    return got == 0 ? SSLACT_OK : refuse(zip, name, "it is longer than its directory says");
}

sslact_status torch_zip_read(torch_zip *zip, uint64_t index, void *buffer, uint64_t size)
{
    const char *name = zip_get_name(zip->archive, index, ZIP_FL_ENC_RAW);
    zip_file_t *file = zip_fopen_index(zip->archive, index, 0);
    zip_stat_t facts;
    uint64_t done = 0;
    sslact_status status = SSLACT_OK;

    name = name != NULL ? name : "";
    if (file == NULL || zip_stat_index(zip->archive, index, ZIP_FL_ENC_RAW, &facts) != 0) {
        return refuse(zip, name, "its header is damaged or cut off");
    }
    while (done < size && status == SSLACT_OK) {
        zip_int64_t got = zip_fread(file, (char *)buffer + done, size - done);

        if (got <= 0) {
            status = refuse(zip, name, "it ends too early or is damaged");
        } else {
            done += (uint64_t)got;
        }
    }
    // torch can be told to leave checksums out; the directory then says 0.
    if (status == SSLACT_OK && facts.crc != 0) {
        status = check_end(zip, file, name);
    }
    zip_fclose(file);
    return status;
}
