// sslact_trainer_*: create, step, evaluate.

#include <optional>

#include "capi_shared.h"
#include "handles.h"

#include "data/loader.h"

using namespace sslact;

namespace
{

void write_step(const StepReport &step, sslact_step_report *out)
{
    if (out == nullptr) {
        return;
    }
    sslact_step_report local;
    SSLACT_INIT(local);
    local.iteration = step.iteration;
    local.loss_total = step.loss_total;
    local.loss_supervised = step.loss_supervised;
    local.loss_pseudo = step.loss_pseudo;
    local.loss_penalty = step.loss_penalty;
    local.learning_rate = step.learning_rate;
    local.positive_rate = step.positive_rate;
    local.negative_rate = step.negative_rate;
    local.ignored_rate = step.ignored_rate;
    local.labeled_boxes = step.labeled_boxes;
    local.unlabeled_boxes = step.unlabeled_boxes;
    local.seconds_data = step.seconds_data;
    local.seconds_compute = step.seconds_compute;
    local.round = step.round;
    write_struct(local, out, "report");
}

// Refuses a report that could not be written before anything is trained.
void check_report(const sslact_step_report *out)
{
    if (out != nullptr && out->struct_size < sizeof(sslact_step_report)) {
        throw Error(SSLACT_ERROR_INVALID_ARGUMENT, "report.struct_size is " +
                                                       std::to_string(out->struct_size) +
                                                       ", prepare it with SSLACT_INIT");
    }
}

std::shared_ptr<Detector> pick_network(const Trainer &trainer, sslact_role role)
{
    if (role != SSLACT_STUDENT && role != SSLACT_TEACHER) {
        throw Error(SSLACT_ERROR_INVALID_ARGUMENT,
                    "role is " + std::to_string(static_cast<int>(role)) +
                        ", SSLACT_STUDENT or SSLACT_TEACHER is accepted");
    }
    if (role == SSLACT_TEACHER && !trainer.has_teacher()) {
        throw Error(SSLACT_ERROR_UNSUPPORTED,
                    std::string("ssl.preset ") + config_get_text(trainer.settings(), "ssl.preset") +
                        " has no teacher, evaluate the student");
    }
    return role == SSLACT_STUDENT ? trainer.student() : trainer.teacher();
}

} // namespace

sslact_status sslact_trainer_create(const sslact_config *config_handle, sslact_dataset *labeled,
                                    sslact_dataset *unlabeled, sslact_trainer **out)
{
    return guard_shared(config_handle, "config", [&](const sslact_config &settings) {
        need(out, "out");
        const SharedUse labeled_use(labeled, "labeled");
        std::optional<SharedUse<sslact_dataset>> unlabeled_use;
        if (unlabeled != nullptr) {
            unlabeled_use.emplace(unlabeled, "unlabeled");
        }
        check(config_validate(settings.inner.get()));
        mark_tensor_use();
        open_run_device(settings.inner.get());
        use_configured_threads(settings.inner.get());
        auto handle = std::make_unique<sslact_trainer>();
        handle->inner = std::make_unique<Trainer>(settings.inner.get(), labeled->inner.get(),
                                                  unlabeled ? unlabeled->inner.get() : nullptr);
        *out = handle.release();
        return SSLACT_OK;
    });
}

sslact_status sslact_trainer_step(sslact_trainer *trainer, sslact_step_report *report)
{
    return guard_exclusive(trainer, "trainer", [&](sslact_trainer &handle) {
        check_report(report);
        StepReport step;
        step.iteration = handle.inner->iteration();
        const bool finished = handle.inner->iteration() >= handle.inner->planned();
        const sslact_status status = handle.inner->step(&step);
        if (!finished) {
            write_step(step, report);
        }
        return status;
    });
}

sslact_status sslact_trainer_step_batch(sslact_trainer *trainer, const sslact_batch *batch_in,
                                        sslact_step_report *report)
{
    return guard_exclusive(trainer, "trainer", [&](sslact_trainer &handle) {
        check_report(report);
        const sslact_batch given = read_struct(batch_in, "batch");
        const ClipArguments labeled(given.labeled, given.labeled_count, "labeled");
        const ClipArguments unlabeled(given.unlabeled, given.unlabeled_count, "unlabeled");
        if (given.labeled_count == 0 && given.unlabeled_count == 0) {
            throw Error(SSLACT_ERROR_INVALID_ARGUMENT, "batch has no clips, give at least one");
        }
        Trainer &inner = *handle.inner;
        if (inner.iteration() >= inner.planned()) {
            return SSLACT_DONE;
        }
        batch *made = nullptr;
        check(loader_make_batch(inner.settings(), inner.class_count(), labeled.data(),
                                labeled.size(), unlabeled.data(), unlabeled.size(),
                                inner.iteration(), &made));
        StepReport step;
        const sslact_status status = inner.step_on(made, &step);
        write_step(step, report);
        return status;
    });
}

sslact_status sslact_trainer_evaluate(sslact_trainer *trainer, sslact_role role,
                                      sslact_dataset *dataset_handle,
                                      const sslact_evaluate_options *options, sslact_report **out)
{
    return guard_exclusive(trainer, "trainer", [&](sslact_trainer &handle) {
        need(out, "out");
        const SharedUse data(dataset_handle, "dataset");
        const std::shared_ptr<Detector> network = pick_network(*handle.inner, role);
        return evaluate_to_report(
            *network, handle.inner->settings(), dataset_handle->inner.get(),
            read_options(options, "options"), role == SSLACT_STUDENT ? "student" : "teacher",
            dataset_get_split(dataset_handle->inner.get()), handle.inner->iteration(),
            handle.inner->labeled_balance().count, [&] { return handle.inner->take_stop(); }, out);
    });
}

sslact_status sslact_trainer_save(const sslact_trainer *trainer, const char *path)
{
    return guard_shared(trainer, "trainer", [&](const sslact_trainer &handle) {
        handle.inner->save(need(path, "path"));
        return SSLACT_OK;
    });
}

sslact_status sslact_trainer_load(sslact_trainer *trainer, const char *path)
{
    return guard_exclusive(trainer, "trainer", [&](sslact_trainer &handle) {
        handle.inner->load(need(path, "path"));
        return SSLACT_OK;
    });
}

sslact_status sslact_trainer_count_iterations(const sslact_trainer *trainer, int64_t *done,
                                              int64_t *planned)
{
    return guard_shared(trainer, "trainer", [&](const sslact_trainer &handle) {
        need(done, "done");
        need(planned, "planned");
        *done = handle.inner->iteration();
        *planned = handle.inner->planned();
        return SSLACT_OK;
    });
}

sslact_status sslact_trainer_get_thresholds(const sslact_trainer *trainer, float *buffer,
                                            size_t capacity, size_t *needed)
{
    return guard_shared(trainer, "trainer", [&](const sslact_trainer &handle) {
        const at::Tensor thresholds = handle.inner->thresholds();
        return hand_out_array(thresholds.const_data_ptr<float>(),
                              static_cast<size_t>(thresholds.numel()), buffer, capacity, needed);
    });
}

sslact_status sslact_trainer_get_role(const sslact_trainer *trainer, sslact_role role,
                                      int32_t *present)
{
    return guard_shared(trainer, "trainer", [&](const sslact_trainer &handle) {
        need(present, "present");
        if (role != SSLACT_STUDENT && role != SSLACT_TEACHER) {
            throw Error(SSLACT_ERROR_INVALID_ARGUMENT,
                        "role is " + std::to_string(static_cast<int>(role)) +
                            ", SSLACT_STUDENT or SSLACT_TEACHER is accepted");
        }
        *present = role == SSLACT_STUDENT || handle.inner->has_teacher() ? 1 : 0;
        return SSLACT_OK;
    });
}

sslact_status sslact_trainer_copy_model(const sslact_trainer *trainer, sslact_role role,
                                        sslact_model **out)
{
    return guard_shared(trainer, "trainer", [&](const sslact_trainer &handle) {
        need(out, "out");
        const std::shared_ptr<Detector> source = pick_network(*handle.inner, role);
        auto model = std::make_unique<sslact_model>();
        config *settings = nullptr;
        check(config_copy(handle.inner->settings(), &settings));
        model->settings.reset(settings);
        model->network = std::make_shared<Detector>(source->options());
        copy_weights(*source, *model->network);
        model->network->eval();
        model->network->hold_folded_weights();
        *out = model.release();
        return SSLACT_OK;
    });
}

void sslact_trainer_request_stop(sslact_trainer *trainer)
{
    if (trainer != nullptr) {
        trainer->inner->request_stop();
    }
}

void sslact_trainer_free(sslact_trainer *trainer)
{
    free_handle(trainer);
}
