// The method once more in long double, written to be obvious, and the kernels with vectors around
// them, in every floating type.
#ifndef TESTS_KERNELS_METHOD_PROBLEM_H
#define TESTS_KERNELS_METHOD_PROBLEM_H

#include "kernels/kernels.h"

#include <cmath>
#include <cstdint>
#include <vector>

#include "base/random.h"
#include "kernels/access.h"

namespace test
{

using real = long double;

// ---- the method once more, written to be obvious ----

inline real slow_sigmoid(real x)
{
    return 1 / (1 + expl(-x));
}
inline real slow_softplus(real x)
{
    return x > 0 ? x + log1pl(expl(-x)) : log1pl(expl(x));
}

struct Problem {
    size_t n, c;
    std::vector<double> teacher, student, positive, negative, weight;
    std::vector<uint8_t> mask;
    double slope = 20.0;
    kernel_label_mode mode = KERNEL_LABEL_HARD;
    kernel_penalty_scope scope = KERNEL_PENALTY_ALL;

    int label(size_t i, size_t j) const
    {
        const real t = slow_sigmoid(teacher[i * c + j]);
        return t > positive[j] ? 1 : t < negative[j] ? 0 : -1;
    }
    real positive_coefficient(size_t i, size_t j) const
    {
        const int y = label(i, j);
        if (mode == KERNEL_LABEL_FIXED) {
            return y == 1 ? 1 : 0;
        }
        const real wp = slow_sigmoid(slope * (slow_sigmoid(teacher[i * c + j]) - positive[j]));
        return y == 1 || (mode == KERNEL_LABEL_SOFT && y != 0) ? wp : 0;
    }
};

struct Losses {
    real pseudo = 0, penalty = 0;
};

inline Losses slow_losses(const Problem &p)
{
    Losses out;
    if (p.n == 0) {
        return out;
    }
    for (size_t i = 0; i < p.n; i++) {
        for (size_t j = 0; j < p.c; j++) {
            const real z = p.student[i * p.c + j];
            const real share = p.mask[i] * static_cast<real>(p.weight[j]) /
                               (static_cast<real>(p.n) * static_cast<real>(p.c));
            out.pseudo += share * (p.positive_coefficient(i, j) * slow_softplus(-z) +
                                   (p.label(i, j) == 0 ? slow_softplus(z) : 0));
            if (p.scope == KERNEL_PENALTY_ALL ||
                (p.scope == KERNEL_PENALTY_POSITIVES && p.label(i, j) == 1)) {
                out.penalty += share * (-logl(p.positive[j]) + 2 * p.positive[j]);
            }
        }
    }
    if (p.scope == KERNEL_PENALTY_PER_CLASS) {
        for (size_t j = 0; j < p.c; j++) {
            out.penalty += (-logl(p.positive[j]) + 2 * p.positive[j]) / static_cast<real>(p.c);
        }
    }
    if (p.mode == KERNEL_LABEL_FIXED) { // "learnable mode only"
        out.penalty = 0;
    }
    return out;
}

inline Problem make_problem(size_t n, size_t c, uint64_t seed)
{
    Problem out = {n, c, {}, {}, {}, {}, {}, {}};
    random_stream stream = random_open(seed, RANDOM_CHANCE, 0, n * 1000 + c);
    for (size_t ij = 0; ij < n * c; ij++) {
        // Exact in single precision, so that both types see the same problem.
        out.teacher.push_back(static_cast<float>(3.0 * random_normal(&stream)));
        out.student.push_back(static_cast<float>(3.0 * random_normal(&stream)));
    }
    for (size_t j = 0; j < c; j++) {
        out.positive.push_back(static_cast<float>(random_range(&stream, 0.4, 0.9)));
        out.negative.push_back(static_cast<float>(random_range(&stream, 0.05, 0.3)));
        out.weight.push_back(static_cast<float>(random_range(&stream, 0.5, 1.5)));
    }
    for (size_t i = 0; i < n; i++) {
        out.mask.push_back(random_uniform(&stream) < 0.7);
    }
    return out;
}

// ---- the kernels with vectors around them ----

// A 16-bit floating number with so many bits of fraction.
template <int fraction> struct Narrow {
    Narrow() = default;
    Narrow(double value) : bits(narrow_encode(value, fraction)) {}
    operator double() const { return narrow_decode(bits, fraction); }
    uint16_t bits = 0;
};
using Float16 = Narrow<NARROW_FLOAT16_FRACTION>;
using Bfloat16 = Narrow<NARROW_BFLOAT16_FRACTION>;

template <typename T> inline constexpr kernel_type type_of = KERNEL_FLOAT64;
template <> inline constexpr kernel_type type_of<float> = KERNEL_FLOAT32;
template <> inline constexpr kernel_type type_of<Float16> = KERNEL_FLOAT16;
template <> inline constexpr kernel_type type_of<Bfloat16> = KERNEL_BFLOAT16;

template <typename T> kernel_source source(const std::vector<T> &values)
{
    return {values.data(), type_of<T>};
}
template <typename T> kernel_target target(std::vector<T> &values)
{
    return {values.data(), type_of<T>};
}
template <typename T> std::vector<T> cast(const std::vector<double> &values)
{
    return {values.begin(), values.end()};
}

// The fused loss: logits of type T, everything else of type S; whole, or part by part.
template <typename T, typename S = T> struct Fused {
    std::vector<S> pseudo = {S(-7)}, penalty = {S(-7)}, student, from_pseudo, from_penalty;

    explicit Fused(const Problem &p, bool in_parts = false)
        : student(p.n * p.c), from_pseudo(p.c), from_penalty(p.c)
    {
        const auto teacher_in = cast<T>(p.teacher), student_in = cast<T>(p.student);
        const auto positive = cast<S>(p.positive), negative = cast<S>(p.negative),
                   weight = cast<S>(p.weight);
        kernel_unsupervised task = {};
        task.teacher_logits = source(teacher_in);
        task.student_logits = source(student_in);
        task.positive = source(positive);
        task.negative = source(negative);
        task.class_weight = source(weight);
        task.mask = p.mask.data();
        task.slope = p.slope;
        task.mode = p.mode;
        task.scope = p.scope;
        task.n = p.n;
        task.c = p.c;
        task.pseudo = target(pseudo);
        task.penalty = target(penalty);
        task.student_gradient = target(student);
        task.pseudo_positive_gradient = target(from_pseudo);
        task.penalty_positive_gradient = target(from_penalty);
        if (in_parts) {
            run_in_parts(task);
        } else {
            kernel_unsupervised_loss(&task);
        }
    }

private:
    // The last part first: the order must not matter.
    static void run_in_parts(const kernel_unsupervised &task)
    {
        const size_t parts = kernel_unsupervised_parts(&task);
        std::vector<double> sums(parts * 3 * task.c);
        for (size_t part = parts; part-- > 0;) {
            kernel_unsupervised_part(&task, part, sums.data() + part * 3 * task.c);
        }
        kernel_unsupervised_finish(&task, sums.data());
    }
};

inline std::vector<int8_t> labels_of(const Problem &p)
{
    std::vector<int8_t> labels(p.n * p.c, 9);
    kernel_pseudo_labels(source(p.teacher), source(p.positive), source(p.negative), p.n, p.c,
                         labels.data());
    return labels;
}

constexpr kernel_label_mode modes[] = {KERNEL_LABEL_HARD, KERNEL_LABEL_SOFT, KERNEL_LABEL_FIXED};
constexpr kernel_penalty_scope scopes[] = {KERNEL_PENALTY_ALL, KERNEL_PENALTY_POSITIVES,
                                           KERNEL_PENALTY_PER_CLASS};
constexpr size_t sizes[][2] = {{0, 3}, {1, 1}, {7, 24}, {9, 60}, {5, 64}, {4, 65}, {3, 200}};

} // namespace test

#endif
