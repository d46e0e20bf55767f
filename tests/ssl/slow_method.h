// Sections 2, 3, 4 and 11 of method.md written down once more as plain loops over doubles, without
// torch and without the library's ops and statistics: what every option is compared with. Only the
// random numbers of the masks come from the library.
#ifndef TESTS_SSL_SLOW_METHOD_H
#define TESTS_SSL_SLOW_METHOD_H

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "base/random.h"
#include "ssl/method.h"

namespace test
{

using Row = std::vector<double>;
using Rows = std::vector<Row>;

struct SlowStatistics {
    Row n, p, w, eta;
};

inline double slow_map(balance_mapping mapping, double eta)
{
    return mapping == MAPPING_LINEAR   ? eta
           : mapping == MAPPING_CONVEX ? eta / (2 - eta)
                                       : std::pow(eta, 0.1);
}

// sets [S, C] of 0 and 1, each `times` times.
inline SlowStatistics slow_statistics(const Rows &sets, const Row &times, double beta, double gamma,
                                      bool exact)
{
    const size_t classes = sets[0].size();
    SlowStatistics out;
    out.n.assign(classes, 0);
    for (size_t i = 0; i < sets.size(); i++) {
        for (size_t j = 0; j < classes; j++) {
            out.n[j] += sets[i][j] * times[i];
        }
    }
    double sum = 0, most = 0;
    for (const double n : out.n) {
        sum += n;
        most = std::max(most, n);
    }
    const double mean = sum / static_cast<double>(classes);
    for (const double n : out.n) {
        out.eta.push_back(n / most);
        out.p.push_back(n > mean ? std::pow(mean / n, beta) : 1.0);
    }
    for (size_t j = 0; j < classes; j++) {
        double sampled = 0; // instance by instance, not by pair counts
        for (size_t i = 0; i < sets.size(); i++) {
            if (sets[i][j] == 0) {
                continue;
            }
            size_t rarest = j;
            double kept = out.p[j];
            for (size_t k = 0; k < classes; k++) {
                if (sets[i][k] != 0) {
                    rarest = out.n[k] < out.n[rarest] ? k : rarest;
                    kept += std::max(out.p[k] - out.p[j], 0.0);
                }
            }
            sampled += times[i] * (exact ? out.p[rarest] : kept);
        }
        out.w.push_back(out.n[j] > 0 ? std::pow(sampled / mean, -gamma) : 1.0);
    }
    return out;
}

struct SlowInput {
    Rows zl, yl, zt, zu;
    Row visible_l, visible_u;
    Row positive, negative; // T, Tn in force
    Rows precision;         // [C, B]
    uint64_t seed = 0;
    uint64_t iteration = 0;
};

struct SlowResult {
    double total = 0, supervised = 0, pseudo = 0, penalty = 0;
    Rows y, gradient_l, gradient_u;
    Row mask_l, mask_u, gradient_t;
};

inline double slow_sigmoid(double x)
{
    return 1 / (1 + std::exp(-x));
}

inline double slow_softplus(double x)
{
    return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x)));
}

// One half: who is kept, and the weight of each entry.
struct SlowHalf {
    Row mask;
    Rows weight;
    double divisor = 0; // N or sum of m, times C
};

inline SlowHalf slow_half(const sslact::MethodOptions &o, const SlowStatistics &s, const Rows &y,
                          const Row &visible, bool labeled, const SlowInput &in)
{
    using sslact::BalancedHalves;
    const bool balanced = o.ucb == BalancedHalves::both ||
                          o.ucb == (labeled ? BalancedHalves::labeled : BalancedHalves::unlabeled);
    const size_t classes = s.n.size();
    SlowHalf out;
    double kept = 0;
    for (size_t i = 0; i < y.size(); i++) {
        int rarest = -1;
        double inverse = 0; // sum over J_i of 1 / n_k
        for (size_t j = 0; j < classes; j++) {
            if (y[i][j] == 1) {
                rarest = rarest < 0 || s.n[j] < s.n[static_cast<size_t>(rarest)]
                             ? static_cast<int>(j)
                             : rarest;
                inverse += s.n[j] > 0 ? 1 / s.n[j] : 0;
            }
        }
        const random_stream stream = random_open(
            in.seed, labeled ? RANDOM_MASK_LABELED : RANDOM_MASK_UNLABELED, in.iteration, i);
        const double chance =
            rarest >= 0 ? s.p[static_cast<size_t>(rarest)] : (o.ucb_drop_no_positive ? 0.0 : 1.0);
        const bool m = !balanced || random_at(&stream, 0) < chance;
        out.mask.push_back(m && visible[i] != 0 ? 1 : 0);
        kept += out.mask[i];
        Row weight(classes, 1.0);
        for (size_t j = 0; balanced && j < classes; j++) {
            if (o.weight_mode == sslact::WeightMode::gap) {
                weight[j] = s.w[j];
            } else if (inverse > 0 && s.n[j] > 0) {
                weight[j] = 0.1 + slow_sigmoid(10 * (1 / s.n[j] / inverse - 0.2));
            }
        }
        out.weight.push_back(weight);
    }
    out.divisor = (o.loss_normalise_kept ? kept : static_cast<double>(y.size())) *
                  static_cast<double>(classes);
    return out;
}

inline double slow_share(double value, double divisor)
{
    return divisor > 0 ? value / divisor : 0;
}

inline SlowResult slow_method(const sslact::MethodOptions &o, const SlowStatistics &s,
                              const SlowInput &in)
{
    using sslact::LabelMode;
    using sslact::PenaltyScope;
    using sslact::ThresholdMode;
    const size_t classes = s.n.size();
    const bool learns = o.mpl_mode == ThresholdMode::learnable;
    const bool soft_targets = o.mpl_mode == ThresholdMode::soft;
    SlowResult out;
    for (const Row &zt : in.zt) {
        Row y;
        for (size_t j = 0; j < classes; j++) {
            const double t = slow_sigmoid(zt[j]);
            y.push_back(t > in.positive[j] ? 1 : t < in.negative[j] ? 0 : -1);
        }
        out.y.push_back(y);
    }

    const SlowHalf l = slow_half(o, s, in.yl, in.visible_l, true, in);
    out.mask_l = l.mask;
    for (size_t i = 0; i < in.zl.size(); i++) {
        Row gradient;
        for (size_t j = 0; j < classes; j++) {
            const double b = slow_share(l.mask[i] * l.weight[i][j], l.divisor);
            const double z = in.zl[i][j], y = in.yl[i][j];
            out.supervised += b * (slow_softplus(z) - y * z);
            gradient.push_back(b * (slow_sigmoid(z) - y));
        }
        out.gradient_l.push_back(gradient);
    }

    const SlowHalf u = slow_half(o, s, out.y, in.visible_u, false, in);
    out.mask_u = u.mask;
    out.gradient_t.assign(classes, 0);
    for (size_t i = 0; i < in.zu.size(); i++) {
        Row gradient;
        for (size_t j = 0; j < classes; j++) {
            const double t = slow_sigmoid(in.zt[i][j]), z = in.zu[i][j], y = out.y[i][j];
            const double threshold = in.positive[j];
            const double c = slow_share(u.mask[i] * u.weight[i][j], u.divisor);
            const bool pulled = learns && o.mpl_label == LabelMode::soft ? y != 0 : y == 1;
            double wp = learns ? slow_sigmoid(o.mpl_a * (t - threshold)) : 1.0;
            double slope = learns ? -o.mpl_a * wp * (1 - wp) : 0.0; // d wp / d T
            if (o.positive_weight == sslact::PositiveWeight::calibrated) {
                const size_t bins = in.precision[j].size();
                const auto bin = static_cast<size_t>(t * static_cast<double>(bins));
                wp = in.precision[j][std::min(bin, bins - 1)];
                slope = 0;
            }
            const double pc = soft_targets ? t : pulled ? wp : 0.0;
            const double nc = soft_targets ? 1 - t : y == 0 ? 1.0 : 0.0;
            out.pseudo += c * (pc * slow_softplus(-z) + nc * slow_softplus(z));
            gradient.push_back(o.loss_lambda * c * (nc * slow_sigmoid(z) - pc * slow_sigmoid(-z)));
            if (learns) {
                const bool counted = o.mpl_reg_scope == PenaltyScope::all ||
                                     (o.mpl_reg_scope == PenaltyScope::positives && y == 1);
                out.penalty += counted ? c * (2 * threshold - std::log(threshold)) : 0;
                out.gradient_t[j] += counted ? o.mpl_lambda1 * c * (2 - 1 / threshold) : 0;
                out.gradient_t[j] += pulled ? c * slope * slow_softplus(-z) : 0;
            }
        }
        out.gradient_u.push_back(gradient);
    }
    for (size_t j = 0; j < classes && learns; j++) {
        const double threshold = in.positive[j], of = static_cast<double>(classes);
        if (o.mpl_reg_scope == PenaltyScope::per_class) {
            out.penalty += (2 * threshold - std::log(threshold)) / of;
            out.gradient_t[j] += o.mpl_lambda1 * (2 - 1 / threshold) / of;
        }
        out.gradient_t[j] *= o.loss_lambda;
    }
    out.total = out.supervised + o.loss_lambda * (out.pseudo + o.mpl_lambda1 * out.penalty);
    return out;
}

} // namespace test

#endif
