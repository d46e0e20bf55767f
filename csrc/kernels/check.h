// What the values of the method's arrays must be, and the one line that refuses them: shared by the
// torch ops, the C functions of loss.h and the CUDA twins. Shapes and types are the caller's.
//
// A line reads `positive[3]: 1.2, expected a number in [0, 1]`, with two indices for a matrix.
#ifndef KERNELS_CHECK_H
#define KERNELS_CHECK_H

#include "base/error.h"
#include "kernels/inline.h"
#include "kernels/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

// What an array may hold. Every rule is an interval, and NaN is in none.
typedef enum kernel_rule {
    KERNEL_RULE_FINITE,       // floating: logits, coefficients
    KERNEL_RULE_SHARE,        // floating, in [0, 1]: thresholds, probabilities
    KERNEL_RULE_NOT_NEGATIVE, // floating, finite, 0 or more: class weights
    KERNEL_RULE_LABEL,        // int8: -1, 0, 1
    KERNEL_RULE_BINARY,       // uint8: 0, 1; masks, ground truth
    KERNEL_RULE_COUNT,        // int64, 0 or more
    KERNEL_RULE_CLASS,        // int32, -1 .. classes - 1
} kernel_rule;

typedef struct kernel_check {
    const char *name; // of the argument, starts the line
    const void *data; // rows * columns elements, packed; integers as the rule says
    kernel_type type; // of a floating array
    kernel_rule rule;
    size_t rows;
    size_t columns;  // 0 = a vector, named with one index
    int64_t classes; // KERNEL_RULE_CLASS only
} kernel_check;

// The interval of a rule, closed at both ends.
typedef struct kernel_interval {
    double low;
    double high;
} kernel_interval;

KERNEL_INLINE kernel_interval kernel_rule_interval(kernel_rule rule, int64_t classes)
{
    const double largest = 1.7976931348623157e308;
    kernel_interval out = {0.0, 1.0}; // SHARE, BINARY
    if (rule == KERNEL_RULE_FINITE || rule == KERNEL_RULE_LABEL || rule == KERNEL_RULE_CLASS) {
        out.low = rule == KERNEL_RULE_FINITE ? -largest : -1.0;
    }
    if (rule == KERNEL_RULE_FINITE || rule == KERNEL_RULE_NOT_NEGATIVE ||
        rule == KERNEL_RULE_COUNT) {
        out.high = largest;
    }
    if (rule == KERNEL_RULE_CLASS) {
        out.high = (double)classes - 1.0;
    }
    return out;
}

KERNEL_INLINE size_t kernel_check_count(const kernel_check *check)
{
    return check->columns > 0 ? check->rows * check->columns : check->rows;
}

// The index of the first element that its rule refuses; the number of elements where all are good.
// Reads memory of the CPU.
size_t kernel_find_bad(const kernel_check *check);

// INVALID_ARGUMENT with the line of the element at `index` whose value is `value`.
sslact_status kernel_refuse(const kernel_check *check, size_t index, double value);

// Looks through the arrays in order and refuses the first bad element. Memory of the CPU.
sslact_status kernel_check_values(const kernel_check *checks, size_t count);

#ifdef __cplusplus
}
#endif
#endif
