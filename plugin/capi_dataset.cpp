// sslact_dataset_*, sslact_sample_*: clips and where they come from.

#include <cstddef>
#include <cstdlib>
#include <new>
#include <vector>

#include "check_report.h"
#include "handles.h"
#include "loss_settings.h"

#include "data/cache_prepare.h"
#include "data/cache_settings.h"
#include "data/check.h"
#include "import/import.h"

using namespace sslact;

namespace
{

constexpr size_t first_check_options = offsetof(sslact_check_options, note);
constexpr size_t first_check_summary = offsetof(sslact_check_summary, notes);

sslact_status make_handle(dataset *inner, sslact_dataset **out)
{
    DatasetHolder holder(inner);
    auto handle = std::make_unique<sslact_dataset>();
    handle->inner = std::move(holder);
    *out = handle.release();
    return SSLACT_OK;
}

struct CheckCall {
    sslact_check_options options;
    CheckProblems problems; // for the page
};

int tell_problem(data_problem kind, const char *place, const char *what, void *user)
{
    auto &call = *static_cast<CheckCall *>(user);
    const sslact_check_options &options = call.options;
    const bool is_note = data_problem_is_note(kind);
    try {
        if (options.out_folder) {
            call.problems.add(kind, place, what);
        }
    } catch (const std::bad_alloc &) {
        return 1;
    }
    if (!(is_note ? options.note : options.problem)) {
        return 0;
    }
    sslact_problem problem;
    SSLACT_INIT(problem);
    problem.kind = data_problem_get_name(kind);
    problem.place = place;
    problem.text = what;
    problem.fix = data_problem_get_fix(kind);
    return is_note ? options.note(&problem, options.note_user)
                   : options.problem(&problem, options.problem_user);
}

struct CheckSummary {
    data_check_summary value = {};
    ~CheckSummary() { data_check_summary_clear(&value); }
};

struct OwnedText {
    text value = {};
    ~OwnedText() { text_free(&value); }
};

struct Malloced {
    void operator()(void *memory) const { std::free(memory); }
};

} // namespace

sslact_status sslact_dataset_open(const sslact_config *config_handle, const char *split,
                                  sslact_dataset **out)
{
    return guard_shared(config_handle, "config", [&](const sslact_config &handle) {
        need(split, "split");
        need(out, "out");
        check(config_validate(handle.inner.get()));
        dataset *inner = nullptr;
        check(dataset_open(handle.inner.get(), split, &inner));
        return make_handle(inner, out);
    });
}

sslact_status sslact_dataset_create(int32_t class_count, const char *const *class_names,
                                    sslact_dataset **out)
{
    return guard([&] {
        need(out, "out");
        dataset *inner = nullptr;
        check(dataset_create(class_count, class_names, &inner));
        return make_handle(inner, out);
    });
}

sslact_status sslact_dataset_append(sslact_dataset *dataset_handle, const sslact_clip *source)
{
    return guard_exclusive(dataset_handle, "dataset", [&](sslact_dataset &handle) {
        const sslact_clip local = read_struct(source, "clip");
        return dataset_append(handle.inner.get(), &local);
    });
}

sslact_status sslact_dataset_create_from_source(const sslact_clip_source *source,
                                                sslact_dataset **out)
{
    return guard([&] {
        need(out, "out");
        const sslact_clip_source local = read_struct(source, "source");
        // The handle first: once the data set exists, destroy is the library's to call.
        auto handle = std::make_unique<sslact_dataset>();
        dataset *inner = nullptr;
        check(dataset_create_from_source(&local, &inner));
        handle->inner.reset(inner);
        *out = handle.release();
        return SSLACT_OK;
    });
}

sslact_status sslact_dataset_count_clips(const sslact_dataset *dataset_handle, size_t *count)
{
    return guard_shared(dataset_handle, "dataset", [&](const sslact_dataset &handle) {
        *need(count, "count") = dataset_count_clips(handle.inner.get());
        return SSLACT_OK;
    });
}

sslact_status sslact_dataset_count_classes(const sslact_dataset *dataset_handle, int32_t *count)
{
    return guard_shared(dataset_handle, "dataset", [&](const sslact_dataset &handle) {
        *need(count, "count") = dataset_count_classes(handle.inner.get());
        return SSLACT_OK;
    });
}

sslact_status sslact_dataset_count_labels(const sslact_dataset *dataset_handle, int64_t *buffer,
                                          size_t capacity, size_t *needed)
{
    return guard_shared(dataset_handle, "dataset", [&](const sslact_dataset &handle) {
        need(needed, "needed");
        uint8_t *labels = nullptr;
        size_t rows = 0;
        check(dataset_collect_labels(handle.inner.get(), &labels, &rows));
        const std::unique_ptr<uint8_t, Malloced> holder(labels);
        const size_t classes = static_cast<size_t>(dataset_count_classes(handle.inner.get()));
        std::vector<int64_t> counts(classes);
        for (size_t i = 0; i < rows; ++i) {
            for (size_t j = 0; j < classes; ++j) {
                counts[j] += labels[i * classes + j];
            }
        }
        return hand_out_array(counts.data(), counts.size(), buffer, capacity, needed);
    });
}

const char *sslact_dataset_get_class_name(const sslact_dataset *dataset_handle, int32_t index)
{
    return dataset_handle == nullptr ? nullptr
                                     : dataset_get_class_name(dataset_handle->inner.get(), index);
}

sslact_status sslact_dataset_read(sslact_dataset *dataset_handle, size_t index, sslact_sample **out)
{
    return guard_exclusive(dataset_handle, "dataset", [&](sslact_dataset &handle) {
        need(out, "out");
        const size_t count = dataset_count_clips(handle.inner.get());
        if (index >= count) {
            throw Error(SSLACT_ERROR_INVALID_ARGUMENT, "index is " + std::to_string(index) +
                                                           ", the data set has " +
                                                           std::to_string(count) + " clips");
        }
        auto sample = std::make_unique<sslact_sample>();
        clip *decoded = nullptr;
        check(dataset_read(handle.inner.get(), index, &decoded));
        sample->inner.reset(decoded);
        *out = sample.release();
        return SSLACT_OK;
    });
}

sslact_status sslact_sample_describe(const sslact_sample *sample_handle, sslact_clip *out)
{
    return guard_shared(sample_handle, "sample", [&](const sslact_sample &handle) {
        const clip &source = *handle.inner;
        sslact_clip local;
        SSLACT_INIT(local);
        local.pixels = source.pixels;
        local.frame_count = source.frame_count;
        local.height = source.height;
        local.width = source.width;
        local.boxes = source.boxes;
        local.box_count = source.box_count;
        local.box_scores = source.box_scores;
        local.labels = source.labels;
        local.name = source.name;
        write_struct(local, out, "out");
        return SSLACT_OK;
    });
}

sslact_status sslact_dataset_check(const sslact_config *config_handle,
                                   const sslact_check_options *options, sslact_check_summary *out)
{
    return guard_shared(config_handle, "config", [&](const sslact_config &handle) {
        CheckCall call = {read_options(options, "options", first_check_options), {}};
        const sslact_check_options &given = call.options;
        if (need(out, "out")->struct_size < first_check_summary) {
            throw Error(SSLACT_ERROR_INVALID_ARGUMENT, "out.struct_size is " +
                                                           std::to_string(out->struct_size) +
                                                           ", prepare it with SSLACT_INIT");
        }
        check_not_negative("threads", given.threads);
        check(config_validate(handle.inner.get()));
        data_check_options wanted = {};
        wanted.problem = tell_problem;
        wanted.problem_user = &call;
        wanted.progress = given.progress;
        wanted.progress_user = given.progress_user;
        wanted.deep = given.deep != 0;
        wanted.threads = given.threads;
        CheckSummary summary;
        check(data_check(handle.inner.get(), &wanted, &summary.value));
        const CheckStatistics statistics(handle.inner.get(), summary.value);
        if (given.class_statistics) {
            statistics.tell(given.class_statistics, given.class_user);
        }
        if (given.out_folder) {
            statistics.write(given.out_folder, call.problems);
        }
        sslact_check_summary local;
        SSLACT_INIT(local);
        statistics.fill(local);
        write_struct(local, out, "out", first_check_summary);
        return SSLACT_OK;
    });
}

sslact_status sslact_dataset_prepare(const sslact_config *config_handle,
                                     const sslact_prepare_options *options,
                                     sslact_prepare_summary *out)
{
    return guard_shared(config_handle, "config", [&](const sslact_config &handle) {
        const sslact_prepare_options given = read_options(options, "options");
        sslact_prepare_summary local;
        SSLACT_INIT(local);
        if (need(out, "out")->struct_size < sizeof local) {
            throw Error(SSLACT_ERROR_INVALID_ARGUMENT,
                        "out.struct_size is " + std::to_string(out->struct_size) +
                            ", prepare it with SSLACT_INIT");
        }
        if (given.thread_count < 0 || given.thread_count > 64) {
            throw Error(SSLACT_ERROR_INVALID_ARGUMENT,
                        "options.thread_count is " + std::to_string(given.thread_count) +
                            ", 0 to 64 is accepted");
        }
        check(config_validate(handle.inner.get()));
        cache_prepare_options wanted = {};
        wanted.thread_count = given.thread_count;
        wanted.progress = given.progress;
        wanted.progress_user = given.progress_user;
        cache_prepare_summary summary = {};
        check(cache_prepare(handle.inner.get(), &wanted, &summary));
        local.clips = summary.clips;
        local.videos = summary.videos;
        local.made = summary.made;
        local.kept = summary.kept;
        local.left_out = summary.left_out;
        local.bytes = summary.bytes;
        local.original_bytes = summary.original_bytes;
        local.seconds = summary.seconds;
        write_struct(local, out, "out");
        return SSLACT_OK;
    });
}

sslact_status sslact_dataset_describe_cache(const sslact_config *config_handle, const char *split,
                                            int32_t evaluates, char *buffer, size_t capacity,
                                            size_t *needed)
{
    return guard_shared(config_handle, "config", [&](const sslact_config &handle) {
        split_kind kind = SPLIT_TRAIN;
        check(split_find_kind(need(split, "split"), &kind));
        OwnedText described;
        check(cache_describe(handle.inner.get(), kind, evaluates != 0, &described.value));
        return hand_out_text(text_get(&described.value), buffer, capacity, needed);
    });
}

sslact_status sslact_dataset_import(const char *const *paths, size_t path_count, const char *folder,
                                    const sslact_import_options *options,
                                    sslact_import_summary *summary)
{
    return guard([&] {
        need(paths, "paths");
        need(folder, "folder");
        for (size_t i = 0; i < path_count; i++) {
            if (paths[i] == nullptr) {
                throw Error(SSLACT_ERROR_INVALID_ARGUMENT,
                            "paths[" + std::to_string(i) + "] is NULL");
            }
        }
        const sslact_import_options given = read_options(options, "options");
        sslact_import_summary local;
        SSLACT_INIT(local);
        if (summary != nullptr && summary->struct_size < sizeof local) {
            throw Error(SSLACT_ERROR_INVALID_ARGUMENT, "summary.struct_size is " +
                                                           std::to_string(summary->struct_size) +
                                                           ", prepare it with SSLACT_INIT");
        }
        check(import_annotation(paths, path_count, folder, &given, &local));
        if (summary != nullptr) {
            write_struct(local, summary, "summary");
        }
        return SSLACT_OK;
    });
}

void sslact_sample_free(sslact_sample *sample_handle)
{
    free_handle(sample_handle);
}

void sslact_dataset_free(sslact_dataset *dataset_handle)
{
    free_handle(dataset_handle);
}
