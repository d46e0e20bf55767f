// The method's formulas as plain loops, written from method.md sections 2 to 4 and nothing else:
// what the functions of loss.h are compared with.
#ifndef TESTS_CAPI_LOSS_REFERENCE_H
#define TESTS_CAPI_LOSS_REFERENCE_H

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "sslact/loss.h"

namespace test
{

inline double sigmoid(double x)
{
    return 1.0 / (1.0 + std::exp(-x));
}

inline double sp(double x)
{
    return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x)));
}

// The numbers of one unlabelled half.
struct Batch {
    size_t n = 0, c = 0;
    std::vector<double> zt, zu; // [N, C]
    std::vector<double> T, Tn;  // [C]
    std::vector<double> w;      // [C]
    std::vector<uint8_t> m;     // [N]
    double lambda1 = 1.0;

    double t(size_t ij) const { return sigmoid(zt[ij]); }
    // Eq. (2)
    int label(size_t i, size_t j) const
    {
        const double p = t(i * c + j);
        return p > T[j] ? 1 : p < Tn[j] ? 0 : -1;
    }
};

// Numbers without meaning, with labels of all three kinds and overlapping thresholds among them.
inline Batch make_batch(size_t n, size_t c, uint32_t seed)
{
    std::mt19937 generator(seed);
    std::normal_distribution<double> logit(-0.5, 2.0);
    std::uniform_real_distribution<double> share(0.05, 0.95), weight(0.5, 1.5);
    Batch out;
    out.n = n;
    out.c = c;
    for (size_t k = 0; k < n * c; ++k) {
        out.zt.push_back(logit(generator));
        out.zu.push_back(logit(generator));
    }
    for (size_t j = 0; j < c; ++j) {
        out.T.push_back(share(generator));
        out.Tn.push_back(0.5 * share(generator));
        out.w.push_back(weight(generator));
    }
    for (size_t i = 0; i < n; ++i) {
        out.m.push_back(generator() % 3 != 0);
    }
    if (n > 0) {
        out.m[0] = 1;
    }
    return out;
}

struct Expected {
    double cls = 0.0, reg = 0.0;        // L_cls, L_reg
    std::vector<double> pc, nc;         // [N, C]
    std::vector<double> dzu;            // d L_cls / d zu [N, C]
    std::vector<double> dT_cls, dT_reg; // [C]
    std::vector<double> dT(double lambda1) const
    {
        std::vector<double> out = dT_cls;
        for (size_t j = 0; j < out.size(); ++j) {
            out[j] += lambda1 * dT_reg[j];
        }
        return out;
    }
};

inline double divide_by(const Batch &b, int normalise)
{
    const auto kept = static_cast<size_t>(std::count(b.m.begin(), b.m.end(), 1));
    return static_cast<double>(normalise == SSLACT_NORMALISE_KEPT ? kept : b.n) *
           static_cast<double>(b.c);
}

// Section 4 with the labels of section 2.2.
inline Expected expect_losses(const Batch &b, int mode, int scope, double a, int normalise)
{
    Expected out;
    out.pc.resize(b.n * b.c);
    out.nc.resize(b.n * b.c);
    out.dzu.resize(b.n * b.c);
    out.dT_cls.resize(b.c);
    out.dT_reg.resize(b.c);
    const double divisor = divide_by(b, normalise);
    if (divisor == 0.0) {
        return out;
    }
    for (size_t i = 0; i < b.n; ++i) {
        for (size_t j = 0; j < b.c; ++j) {
            const size_t ij = i * b.c + j;
            const int y = b.label(i, j);
            const double wp = sigmoid(a * (b.t(ij) - b.T[j]));
            const bool weighed = mode == SSLACT_LABEL_FIXED  ? false
                                 : mode == SSLACT_LABEL_SOFT ? y != 0
                                                             : y == 1;
            out.pc[ij] = weighed ? wp : mode == SSLACT_LABEL_FIXED && y == 1 ? 1.0 : 0.0;
            out.nc[ij] = y == 0 ? 1.0 : 0.0;
            const double factor = b.m[i] * b.w[j] / divisor;
            const double z = b.zu[ij];
            out.cls += factor * (out.pc[ij] * sp(-z) + out.nc[ij] * sp(z));
            out.dzu[ij] = factor * (out.nc[ij] * sigmoid(z) - out.pc[ij] * sigmoid(-z));
            out.dT_cls[j] -= weighed ? factor * a * wp * (1.0 - wp) * sp(-z) : 0.0;
            const bool counts =
                scope == SSLACT_PENALTY_ALL || (scope == SSLACT_PENALTY_POSITIVES && y == 1);
            if (mode != SSLACT_LABEL_FIXED && counts) {
                out.reg += factor * (-std::log(b.T[j]) + 2.0 * b.T[j]);
                out.dT_reg[j] += factor * (2.0 - 1.0 / b.T[j]);
            }
        }
    }
    for (size_t j = 0; mode != SSLACT_LABEL_FIXED && scope == SSLACT_PENALTY_PER_CLASS && j < b.c;
         ++j) {
        out.reg += (-std::log(b.T[j]) + 2.0 * b.T[j]) / static_cast<double>(b.c);
        out.dT_reg[j] = (2.0 - 1.0 / b.T[j]) / static_cast<double>(b.c);
    }
    return out;
}

// ---- the generator of the masks ----

// Philox 4x32 with 10 rounds (Salmon et al., 2011).
inline void philox(uint32_t counter[4], uint64_t key)
{
    uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
    for (int round = 0; round < 10; ++round) {
        const uint64_t left = 0xD2511F53ull * counter[0], right = 0xCD9E8D57ull * counter[2];
        const uint32_t next[4] = {
            static_cast<uint32_t>(right >> 32) ^ counter[1] ^ k0, static_cast<uint32_t>(right),
            static_cast<uint32_t>(left >> 32) ^ counter[3] ^ k1, static_cast<uint32_t>(left)};
        std::copy(next, next + 4, counter);
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
}

// u of one box, docs/losses.md: key = seed; counter = 0, row, iteration, purpose in the top byte
// (8 labelled, 9 unlabelled); 53 bits of the second and first word. Rows and iterations < 2^32.
inline double draw_uniform(uint64_t seed, uint32_t iteration, sslact_half half, uint32_t row)
{
    const uint32_t purpose = half == SSLACT_HALF_LABELED ? 8 : 9;
    uint32_t words[4] = {0, row, iteration, purpose << 24};
    philox(words, seed);
    const uint64_t bits = static_cast<uint64_t>(words[1]) << 32 | words[0];
    return static_cast<double>(bits >> 11) / 9007199254740992.0;
}

} // namespace test

#endif
