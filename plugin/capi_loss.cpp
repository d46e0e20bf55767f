// sslact_loss_*: class balance, pseudo-labels, their weights, the class of a box and the mask. The
// losses themselves are in capi_loss_compute.cpp.

#include <algorithm>
#include <climits>
#include <memory>
#include <numeric>

#include "guard.h"
#include "loss_call.h"
#include "loss_settings.h"

#include "stats/balance.h"

using namespace sslact;

namespace
{

// ---- balance ----

struct BalanceFree {
    void operator()(balance *fitted) const { balance_free(fitted); }
};
using Balance = std::unique_ptr<balance, BalanceFree>;

template <typename Number> void copy_out(const Number *values, size_t count, Number *out)
{
    if (out != nullptr) {
        std::copy(values, values + count, out);
    }
}

void copy_negative_thresholds(const balance &fitted, const BalanceSettings &settings, double *out)
{
    for (int32_t j = 0; out != nullptr && j < fitted.class_count; ++j) {
        out[j] = settings.negative_class_related
                     ? balance_threshold(&fitted, settings.fit.mapping, settings.tau_negative, j)
                     : settings.tau_negative;
    }
}

void copy_balance(const balance &fitted, const BalanceSettings &settings, sslact_balance &out)
{
    const auto c = static_cast<size_t>(fitted.class_count);
    copy_out(fitted.count, c, out.count);
    copy_out(fitted.imbalance, c, out.imbalance);
    copy_out(fitted.probability, c, out.probability);
    copy_out(fitted.gap, c, out.gap);
    copy_out(fitted.weight, c, out.weight);
    copy_out(fitted.threshold, c, out.threshold);
    copy_out(fitted.sampled, c, out.sampled);
    copy_out(fitted.pair_count, c * c, out.pair_count);
    copy_out(fitted.assigned, c * c, out.assigned);
    copy_negative_thresholds(fitted, settings, out.negative_threshold);
    out.instance_count = fitted.instance_count;
    out.mean_count = fitted.mean_count;
    out.expected_kept_share = fitted.expected_kept_share;
}

// ---- mask ----

// The rows and probabilities that the kernel gets: a box without a class that is to be dropped
// becomes a box of one more class, of probability 0.
struct Draw {
    std::vector<int32_t> classes;
    std::vector<double> probability;
};

// C where the caller has not said it: as far as the classes reach.
int64_t count_drawn_classes(const int32_t *classes, size_t n)
{
    return n > 0 ? int64_t{*std::max_element(classes, classes + n)} + 1 : 0;
}

// With class_count 0 a value that no class asks for may not exist, so it is not read.
Draw make_draw(const int32_t *classes, size_t n, const double *probability,
               const LossSettings &settings)
{
    Draw out;
    out.classes.assign(classes, classes + n);
    const bool said = settings.class_count > 0;
    const int64_t c = said ? settings.class_count : count_drawn_classes(classes, n);
    out.probability.assign(static_cast<size_t>(c) + 1, 0.0);
    if (said) {
        std::copy(probability, probability + c, out.probability.begin());
    }
    for (int32_t &k : out.classes) {
        if (k >= 0) {
            out.probability[static_cast<size_t>(k)] = probability[k];
        } else if (settings.drop_no_positive) {
            k = static_cast<int32_t>(c);
        }
    }
    return out;
}

void check_probability(const Draw &draw)
{
    const kernel_check probability = {"probability",
                                      draw.probability.data(),
                                      KERNEL_FLOAT64,
                                      KERNEL_RULE_SHARE,
                                      draw.probability.size() - 1,
                                      0,
                                      0};
    check(kernel_check_values(&probability, 1));
}

} // namespace

sslact_status sslact_loss_fit_balance(const sslact_tensor *labels,
                                      const sslact_balance_options *options, sslact_balance *out)
{
    return guard([&] {
        constexpr size_t first_version = offsetof(sslact_balance, sampled);
        const BalanceSettings settings = read_balance_settings(options);
        sslact_balance local = read_struct(out, "out", first_version);
        LossCall call(settings.stream);
        // Values are checked with those of the options, by the fit.
        LossArgument &sets =
            call.read_matrix(labels, "labels", type_set(SSLACT_UINT8), std::nullopt);
        call.start();
        balance *made = nullptr;
        check(balance_fit(static_cast<const uint8_t *>(call.fetch(sets)), settings.instance_weight,
                          call.n(), static_cast<int32_t>(std::min<size_t>(call.c(), INT32_MAX)),
                          &settings.fit, &made));
        const Balance fitted(made);
        copy_balance(*fitted, settings, local);
        write_struct(local, out, "out", first_version);
        return SSLACT_OK;
    });
}

sslact_status sslact_loss_assign_labels(const sslact_tensor *teacher_logits,
                                        const sslact_tensor *positive_threshold,
                                        const sslact_tensor *negative_threshold,
                                        const sslact_loss_options *options, sslact_tensor *labels)
{
    return guard([&] {
        const LossSettings settings = read_loss_settings(options);
        LossCall call(settings.stream);
        const LossArgument &teacher =
            call.read_matrix(teacher_logits, "teacher_logits", float_types, KERNEL_RULE_FINITE);
        const LossArgument &upper = call.read_thresholds(positive_threshold, "positive_threshold");
        const LossArgument &lower = call.read_thresholds(negative_threshold, "negative_threshold");
        const LossArgument &out =
            call.write_matrix(need(labels, "labels"), "labels", type_set(SSLACT_INT8));
        call.start();
        call.run(kernel_pseudo_labels, &cuda_functions::pseudo_labels, teacher.source(),
                 upper.source(), lower.source(), call.n(), call.c(),
                 static_cast<int8_t *>(out.place));
        call.finish();
        return SSLACT_OK;
    });
}

sslact_status sslact_loss_weigh_labels(const sslact_tensor *teacher_logits,
                                       const sslact_tensor *labels,
                                       const sslact_tensor *positive_threshold,
                                       const sslact_loss_options *options,
                                       sslact_tensor *positive_weight,
                                       sslact_tensor *negative_weight)
{
    return guard([&] {
        const LossSettings settings = read_loss_settings(options);
        LossCall call(settings.stream);
        const LossArgument &teacher =
            call.read_matrix(teacher_logits, "teacher_logits", float_types, KERNEL_RULE_FINITE);
        const LossArgument &marks =
            call.read_matrix(labels, "labels", type_set(SSLACT_INT8), KERNEL_RULE_LABEL);
        const LossArgument &upper = call.read_thresholds(positive_threshold, "positive_threshold");
        const LossArgument &positive = call.write_matrix(need(positive_weight, "positive_weight"),
                                                         "positive_weight", float_types);
        const LossArgument &negative = call.write_matrix(need(negative_weight, "negative_weight"),
                                                         "negative_weight", float_types);
        call.start();
        call.run(kernel_label_weights, &cuda_functions::label_weights, teacher.source(),
                 static_cast<const int8_t *>(marks.place), upper.source(), settings.slope,
                 settings.mode, call.n(), call.c(), positive.target(), negative.target());
        call.finish();
        return SSLACT_OK;
    });
}

sslact_status sslact_loss_assign_classes(const sslact_tensor *labels, const int64_t *count,
                                         const sslact_loss_options *options, sslact_tensor *classes)
{
    return guard([&] {
        const LossSettings settings = read_loss_settings(options);
        LossCall call(settings.stream);
        LossArgument &marks = call.read_matrix(
            labels, "labels", type_set(SSLACT_INT8) | type_set(SSLACT_UINT8), KERNEL_RULE_LABEL);
        if (marks.view.tensor.dtype == SSLACT_UINT8) {
            marks.rule = KERNEL_RULE_BINARY;
        }
        call.read_array(need(count, "count"), call.c(), "count", KERNEL_RULE_COUNT);
        const LossArgument &out =
            call.write_rows(need(classes, "classes"), "classes", SSLACT_INT32);
        call.start();
        const std::vector<int64_t> counts(count, count + call.c());
        call.run(kernel_rarest_class, &cuda_functions::rarest_class,
                 static_cast<const void *>(marks.place), call.bring(counts), call.n(), call.c(),
                 static_cast<int32_t *>(out.place));
        call.finish();
        return SSLACT_OK;
    });
}

sslact_status sslact_loss_sample_boxes(const sslact_tensor *classes, const double *probability,
                                       uint64_t seed, int64_t iteration, sslact_half half,
                                       const sslact_loss_options *options, sslact_tensor *mask)
{
    return guard([&] {
        const LossSettings settings = read_loss_settings(options);
        LossCall call(settings.stream);
        LossArgument &rows = call.read_rows(classes, "classes", SSLACT_INT32, KERNEL_RULE_CLASS);
        need(probability, "probability");
        check_not_negative("iteration", iteration);
        check_word("half", half, 2, "0 (labelled) or 1 (unlabelled)");
        const LossArgument &out = call.write_rows(need(mask, "mask"), "mask", SSLACT_UINT8);
        call.start(settings.class_count > 0 ? settings.class_count : INT32_MAX);
        const Draw draw = make_draw(static_cast<const int32_t *>(call.fetch(rows)), call.n(),
                                    probability, settings);
        check_probability(draw);
        call.run(kernel_sample_mask, &cuda_functions::sample_mask, call.bring(draw.classes),
                 call.bring(draw.probability), seed, static_cast<uint64_t>(iteration),
                 static_cast<kernel_half>(half), settings.first_row, call.n(),
                 static_cast<uint8_t *>(out.place));
        call.finish();
        return SSLACT_OK;
    });
}
