// sslact_run_*: run folders.

#include "handles.h"
#include "report/page.h"
#include "run_folder.h"

using namespace sslact;

struct sslact_run {
    mutable Occupancy occupancy;
    std::unique_ptr<RunFolder> inner;
};

sslact_status sslact_run_open(const sslact_config *config_handle, const char *folder,
                              const sslact_run_options *options, sslact_run **out)
{
    return guard_shared(config_handle, "config", [&](const sslact_config &settings) {
        need(folder, "folder");
        need(out, "out");
        const sslact_run_options given = read_options(options, "options");
        check(config_validate(settings.inner.get()));
        auto handle = std::make_unique<sslact_run>();
        handle->inner =
            std::make_unique<RunFolder>(settings.inner.get(), folder, given.resume != 0,
                                        given.command_line ? given.command_line : "");
        *out = handle.release();
        return SSLACT_OK;
    });
}

sslact_status sslact_run_load_checkpoint(sslact_run *run, sslact_trainer *trainer)
{
    return guard_exclusive(run, "run", [&](sslact_run &handle) {
        return guard_exclusive(trainer, "trainer", [&](sslact_trainer &training) {
            return handle.inner->load_checkpoint(*training.inner);
        });
    });
}

sslact_status sslact_run_write_step(sslact_run *run, const sslact_trainer *trainer,
                                    const sslact_step_report *step)
{
    return guard_exclusive(run, "run", [&](sslact_run &handle) {
        return guard_shared(trainer, "trainer", [&](const sslact_trainer &training) {
            const sslact_step_report given = read_struct(step, "step");
            handle.inner->write_step(*training.inner, given);
            return SSLACT_OK;
        });
    });
}

sslact_status sslact_run_save_checkpoint(sslact_run *run, const sslact_trainer *trainer)
{
    return guard_exclusive(run, "run", [&](sslact_run &handle) {
        return guard_shared(trainer, "trainer", [&](const sslact_trainer &training) {
            handle.inner->save_checkpoint(*training.inner);
            return SSLACT_OK;
        });
    });
}

sslact_status sslact_run_get_detections_path(const sslact_run *run, const char *split,
                                             sslact_role role, char *buffer, size_t capacity,
                                             size_t *needed)
{
    return guard_shared(run, "run", [&](const sslact_run &handle) {
        need(split, "split");
        if (role != SSLACT_STUDENT && role != SSLACT_TEACHER) {
            throw Error(SSLACT_ERROR_INVALID_ARGUMENT,
                        "role is " + std::to_string(static_cast<int>(role)) +
                            ", SSLACT_STUDENT or SSLACT_TEACHER is accepted");
        }
        return hand_out_text(handle.inner->path(std::string("detections/") + split +
                                                (role == SSLACT_STUDENT ? "_student.csv" :
                                                                          "_teacher.csv")),
                             buffer, capacity, needed);
    });
}

sslact_status sslact_run_write_report(sslact_run *run, const sslact_report *report)
{
    return guard_exclusive(run, "run", [&](sslact_run &handle) {
        return guard_shared(report, "report", [&](const sslact_report &result) {
            handle.inner->write_report(*result.inner);
            return SSLACT_OK;
        });
    });
}

sslact_status sslact_run_write_end(sslact_run *run, const sslact_trainer *trainer)
{
    return guard_exclusive(run, "run", [&](sslact_run &handle) {
        return guard_shared(trainer, "trainer", [&](const sslact_trainer &training) {
            handle.inner->write_end(*training.inner);
            return SSLACT_OK;
        });
    });
}

sslact_status sslact_run_write_failure(sslact_run *run, int64_t iteration)
{
    // What failed, before anything here can fail in its turn.
    const sslact_status status = sslact_error_get_status();
    const std::string message = sslact_error_get_message();
    return guard_exclusive(run, "run", [&](sslact_run &handle) {
        handle.inner->write_failure(status, message, iteration);
        return SSLACT_OK;
    });
}

sslact_status sslact_run_render(sslact_run *run)
{
    return guard_exclusive(run, "run", [&](sslact_run &handle) {
        handle.inner->render();
        return SSLACT_OK;
    });
}

sslact_status sslact_run_get_path(const sslact_run *run, const char *what, char *buffer,
                                  size_t capacity, size_t *needed)
{
    return guard_shared(run, "run", [&](const sslact_run &handle) {
        const std::string word = need(what, "what");
        std::string path;
        if (word == "checkpoint") {
            path = handle.inner->newest_checkpoint();
        } else if (word == "report") {
            path = handle.inner->path("report/index.html");
        } else if (word == "config") {
            path = handle.inner->path("config.yaml");
        } else if (word == "metrics") {
            path = handle.inner->path("metrics.jsonl");
        } else {
            throw Error(SSLACT_ERROR_NOT_FOUND,
                        "what is \"" + word +
                            "\", \"checkpoint\", \"report\", \"config\" or \"metrics\" is accepted");
        }
        return hand_out_text(path, buffer, capacity, needed);
    });
}

sslact_status sslact_run_compare(const char *const *folders, const char *const *names,
                                 size_t count, const char *path)
{
    return guard([&] {
        need(folders, "folders");
        need(path, "path");
        for (size_t i = 0; i < count; ++i) {
            need(folders[i], ("folders[" + std::to_string(i) + "]").c_str());
            if (names != nullptr) {
                need(names[i], ("names[" + std::to_string(i) + "]").c_str());
            }
        }
        return report_build_comparison(folders, names, count, path);
    });
}

void sslact_run_free(sslact_run *run)
{
    free_handle(run);
}
