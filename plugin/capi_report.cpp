// sslact_report_*: what an evaluation found.

#include <cstring>

#include "handles.h"
#include "score.h"

using namespace sslact;

sslact_status sslact_report_get_metric(const sslact_report *report, const char *name, double *out)
{
    return guard_shared(report, "report", [&](const sslact_report &handle) {
        need(out, "out");
        return evaluation_report_get_metric(handle.inner.get(), need(name, "name"), out);
    });
}

sslact_status sslact_report_count_classes(const sslact_report *report, int32_t *count)
{
    return guard_shared(report, "report", [&](const sslact_report &handle) {
        *need(count, "count") = handle.inner->class_count;
        return SSLACT_OK;
    });
}

sslact_status sslact_report_get_class(const sslact_report *report, int32_t index,
                                      sslact_class_result *out)
{
    return guard_shared(report, "report", [&](const sslact_report &handle) {
        if (index < 0 || index >= handle.inner->class_count) {
            throw Error(SSLACT_ERROR_INVALID_ARGUMENT,
                        "index is " + std::to_string(index) + ", 0 to " +
                            std::to_string(handle.inner->class_count - 1) + " is accepted");
        }
        const evaluation_class &found = handle.inner->classes[index];
        sslact_class_result local;
        SSLACT_INIT(local);
        local.name = found.name;
        local.average_precision = found.average_precision;
        local.positive_count = found.positive_count;
        local.detection_count = found.detection_count;
        local.id = static_cast<int32_t>(found.id);
        local.chance = found.chance;
        write_struct(local, out, "out");
        return SSLACT_OK;
    });
}

namespace
{

const char *check_format(const char *format)
{
    const std::string word = need(format, "format");
    if (word != "text" && word != "json") {
        throw Error(SSLACT_ERROR_INVALID_ARGUMENT,
                    "format \"" + word + "\", \"text\" or \"json\" is accepted");
    }
    return format;
}

struct Rendered {
    text value = {};
    ~Rendered() { text_free(&value); }
};

} // namespace

sslact_status sslact_report_render(const sslact_report *report, const char *format, char *buffer,
                                   size_t capacity, size_t *needed)
{
    return guard_shared(report, "report", [&](const sslact_report &handle) {
        Rendered rendered;
        check(evaluation_report_render(handle.inner.get(), check_format(format),
                                       &rendered.value));
        return text_hand_out(text_get(&rendered.value), rendered.value.length, buffer, capacity,
                             need(needed, "needed"));
    });
}

sslact_status sslact_report_save(const sslact_report *report, const char *format, const char *path)
{
    return guard_shared(report, "report", [&](const sslact_report &handle) {
        return evaluation_report_save(handle.inner.get(), check_format(format),
                                      need(path, "path"));
    });
}

sslact_status sslact_report_score(const sslact_score_options *options, sslact_report **out)
{
    return guard([&] {
        need(out, "out");
        const sslact_score_options given = read_struct(options, "options");
        need(given.detections_path, "options.detections_path");
        need(given.labels_path, "options.labels_path");
        if (given.dataset == nullptr || std::strcmp(given.dataset, "ucf101_24") != 0) {
            need(given.actions_path, "options.actions_path");
        }
        auto handle = std::make_unique<sslact_report>();
        handle->inner.reset(score_files(given));
        *out = handle.release();
        return SSLACT_OK;
    });
}

void sslact_report_free(sslact_report *report)
{
    free_handle(report);
}
