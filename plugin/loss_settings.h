// sslact_loss_options and sslact_balance_options as the functions of loss.h use them: defaults
// filled in, words and ranges checked.
#ifndef PLUGIN_LOSS_SETTINGS_H
#define PLUGIN_LOSS_SETTINGS_H

#include <cstdint>

#include "sslact/loss.h"

#include "kernels/kernels.h"
#include "stats/balance.h"

namespace sslact
{

struct LossSettings {
    kernel_label_mode mode = KERNEL_LABEL_HARD;
    kernel_penalty_scope scope = KERNEL_PENALTY_ALL;
    double slope = 20.0;
    void *stream = nullptr;
    bool kept = false; // divide by the kept boxes
    bool drop_no_positive = false;
    uint64_t first_row = 0;
    int64_t class_count = 0; // 0 = not said
};
LossSettings read_loss_settings(const sslact_loss_options *given);

struct BalanceSettings {
    balance_options fit = {};
    const int64_t *instance_weight = nullptr; // borrowed
    double tau_negative = 0.1;
    bool negative_class_related = false;
    void *stream = nullptr;
};
BalanceSettings read_balance_settings(const sslact_balance_options *given);

// Error("name: 7, expected 0 (hard), ...") where value is not in 0 .. count - 1.
void check_word(const char *name, int64_t value, int64_t count, const char *expected);
// Error("name: -1, expected 0 or more").
void check_not_negative(const char *name, int64_t value);

} // namespace sslact

#endif
