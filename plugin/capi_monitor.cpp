// sslact_trainer_read_monitor and sslact_trainer_set_hidden_labels.

#include <algorithm>

#include "handles.h"

#include "train/monitor.h"

using namespace sslact;

namespace
{

const Monitor &need_monitor(const Trainer &trainer)
{
    if (trainer.monitor() == nullptr) {
        throw Error(SSLACT_ERROR_UNSUPPORTED,
                    std::string("ssl.preset ") + config_get_text(trainer.settings(), "ssl.preset") +
                        " has no teacher, there are no pseudo-labels to watch");
    }
    return *trainer.monitor();
}

bool wants_arrays(const sslact_monitor &m)
{
    const void *const arrays[] = {
        m.labeled,           m.positives,         m.negatives,     m.ignored,
        m.threshold,         m.threshold_start,   m.kept_share,    m.rarest_kept_share,
        m.silence,           m.precision,         m.recall,        m.negative_precision,
        m.calibration_error, m.labeled_precision, m.labeled_recall};
    return std::any_of(std::begin(arrays), std::end(arrays),
                       [](const void *array) { return array != nullptr; });
}

void check_capacity(const sslact_monitor &wanted, int32_t class_count)
{
    if (wanted.class_capacity < 0) {
        throw Error(SSLACT_ERROR_INVALID_ARGUMENT, "monitor.class_capacity is " +
                                                       std::to_string(wanted.class_capacity) +
                                                       ", 0 or more is accepted");
    }
    if (wants_arrays(wanted) && wanted.class_capacity < class_count) {
        throw Error(SSLACT_ERROR_BUFFER_TOO_SMALL,
                    "monitor.class_capacity is " + std::to_string(wanted.class_capacity) + ", " +
                        std::to_string(class_count) + " classes are needed");
    }
}

template <typename T> void fill(T *out, const std::vector<T> &values)
{
    if (out != nullptr) {
        std::copy(values.begin(), values.end(), out);
    }
}

template <typename T>
void fill(T *out, const std::vector<pseudo_quality> &classes, T pseudo_quality::*member)
{
    for (size_t j = 0; out != nullptr && j < classes.size(); ++j) {
        out[j] = classes[j].*member;
    }
}

void fill_unlabeled(const MonitorTable &table, sslact_monitor &out)
{
    out.iterations = table.iterations;
    out.boxes = table.boxes;
    out.boxes_kept = table.boxes_kept;
    out.boxes_known = table.classes.front().known; // every class is known of a box, or none
    fill(out.positives, table.classes, &pseudo_quality::positives);
    fill(out.negatives, table.classes, &pseudo_quality::negatives);
    fill(out.ignored, table.classes, &pseudo_quality::ignored);
    fill(out.kept_share, table.classes, &pseudo_quality::kept_share);
    fill(out.rarest_kept_share, table.classes, &pseudo_quality::rarest_kept_share);
    fill(out.precision, table.classes, &pseudo_quality::precision);
    fill(out.recall, table.classes, &pseudo_quality::recall);
    fill(out.negative_precision, table.classes, &pseudo_quality::negative_precision);
    fill(out.calibration_error, table.classes, &pseudo_quality::calibration_error);
}

void fill_state(const Trainer &trainer, const Monitor &monitor, sslact_monitor &out)
{
    const at::Tensor thresholds = trainer.thresholds();
    fill(out.labeled, monitor.labeled_counts());
    fill(out.threshold_start, monitor.start_thresholds());
    for (int32_t j = 0; j < monitor.class_count(); ++j) {
        if (out.threshold != nullptr) {
            out.threshold[j] = thresholds.const_data_ptr<float>()[j];
        }
        if (out.silence != nullptr) {
            out.silence[j] = monitor.silence(j);
        }
    }
}

} // namespace

sslact_status sslact_trainer_read_monitor(const sslact_trainer *trainer,
                                          sslact_monitor_period period, sslact_monitor *monitor_out)
{
    return guard_shared(trainer, "trainer", [&](const sslact_trainer &handle) {
        sslact_monitor local = read_struct(monitor_out, "monitor");
        if (period != SSLACT_MONITOR_WINDOW && period != SSLACT_MONITOR_RUN) {
            throw Error(SSLACT_ERROR_INVALID_ARGUMENT,
                        "period is " + std::to_string(static_cast<int>(period)) +
                            ", SSLACT_MONITOR_WINDOW or SSLACT_MONITOR_RUN is accepted");
        }
        const Monitor &monitor = need_monitor(*handle.inner);
        check_capacity(local, monitor.class_count());
        const MonitorPeriod wanted =
            period == SSLACT_MONITOR_WINDOW ? MonitorPeriod::window : MonitorPeriod::run;
        const MonitorTable unlabeled = monitor.read(wanted, MonitorSource::unlabeled);
        const MonitorTable labeled = monitor.read(wanted, MonitorSource::labeled);
        local.class_count = monitor.class_count();
        fill_unlabeled(unlabeled, local);
        fill(local.labeled_precision, labeled.classes, &pseudo_quality::precision);
        fill(local.labeled_recall, labeled.classes, &pseudo_quality::recall);
        fill_state(*handle.inner, monitor, local);
        write_struct(local, monitor_out, "monitor");
        return SSLACT_OK;
    });
}

sslact_status sslact_trainer_set_hidden_labels(sslact_trainer *trainer, sslact_dataset *truth)
{
    return guard_exclusive(trainer, "trainer", [&](sslact_trainer &handle) {
        const SharedUse use(truth, "truth");
        handle.inner->set_hidden_labels(truth->inner.get());
        return SSLACT_OK;
    });
}
