// Owns the messages about options of loss.h. The first published versions of the two structs end
// before the members named here as firsts of the later ones.

#include "loss_settings.h"

#include <cmath>
#include <cstdio>
#include <string>

#include "guard.h"

namespace sslact
{
namespace
{

constexpr size_t first_loss_options = offsetof(sslact_loss_options, normalise);
constexpr size_t first_balance_options = offsetof(sslact_balance_options, instance_weight);

[[noreturn]] void refuse(const char *name, const std::string &value, const char *expected)
{
    throw Error(SSLACT_ERROR_INVALID_ARGUMENT,
                std::string(name) + ": " + value + ", expected " + expected);
}

std::string show(double value)
{
    char text[64];
    std::snprintf(text, sizeof text, "%.7g", value);
    return std::isnan(value) ? "nan" : text;
}

double read_slope(double given)
{
    // Not "< 0", so that NaN is refused as well.
    if (!(given >= 0.0 && std::isfinite(given))) {
        refuse("slope", show(given), "a positive number, or 0 for 20");
    }
    return given == 0.0 ? 20.0 : given;
}

double read_share(const char *name, double given, double otherwise)
{
    if (given == 0.0) {
        return otherwise;
    }
    if (!(given > 0.0 && given < 1.0)) {
        refuse(name, show(given), "a number between 0 and 1, or 0 for the default");
    }
    return given;
}

} // namespace

void check_word(const char *name, int64_t value, int64_t count, const char *expected)
{
    if (value < 0 || value >= count) {
        refuse(name, std::to_string(value), expected);
    }
}

void check_not_negative(const char *name, int64_t value)
{
    if (value < 0) {
        refuse(name, std::to_string(value), "0 or more");
    }
}

LossSettings read_loss_settings(const sslact_loss_options *given)
{
    const sslact_loss_options options = read_options(given, "options", first_loss_options);
    check_word("label_mode", options.label_mode, 3, "0 (hard), 1 (soft) or 2 (fixed)");
    check_word("penalty_scope", options.penalty_scope, 3,
               "0 (all), 1 (positives) or 2 (per class)");
    check_word("normalise", options.normalise, 2, "0 (all) or 1 (kept)");
    check_word("drop_no_positive", options.drop_no_positive, 2, "0 or 1");
    check_not_negative("first_row", options.first_row);
    check_not_negative("class_count", options.class_count);
    LossSettings out;
    out.mode = static_cast<kernel_label_mode>(options.label_mode);
    out.scope = static_cast<kernel_penalty_scope>(options.penalty_scope);
    out.slope = read_slope(options.slope);
    out.stream = options.cuda_stream;
    out.kept = options.normalise == SSLACT_NORMALISE_KEPT;
    out.drop_no_positive = options.drop_no_positive != 0;
    out.first_row = static_cast<uint64_t>(options.first_row);
    out.class_count = options.class_count;
    return out;
}

BalanceSettings read_balance_settings(const sslact_balance_options *given)
{
    const sslact_balance_options options = read_options(given, "options", first_balance_options);
    check_word("mapping", options.mapping, 3, "0 (concave), 1 (linear) or 2 (convex)");
    check_word("exact_cooccurrence", options.exact_cooccurrence, 2, "0 or 1");
    check_word("negative_class_related", options.negative_class_related, 2, "0 or 1");
    BalanceSettings out;
    out.fit.beta = options.beta != nullptr ? *options.beta : 0.9;
    out.fit.gamma = options.gamma != nullptr ? *options.gamma : 0.05;
    out.fit.tau_positive = read_share("tau_positive", options.tau_positive, 0.9);
    out.fit.mapping = static_cast<balance_mapping>(options.mapping);
    out.fit.exact_cooccurrence = options.exact_cooccurrence != 0;
    out.instance_weight = options.instance_weight;
    out.tau_negative = read_share("tau_negative", options.tau_negative, 0.1);
    out.negative_class_related = options.negative_class_related != 0;
    out.stream = options.cuda_stream;
    return out;
}

} // namespace sslact
