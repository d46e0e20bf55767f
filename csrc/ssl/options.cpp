// Owns the reading of the ssl.* keys; their ranges are the config room's, the words are ours.
#include "ssl/method.h"

#include "base/error.hpp"

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace sslact
{

namespace
{

template <typename Value>
Value read_word(const config *c, const char *key,
                std::initializer_list<std::pair<const char *, Value>> words)
{
    const std::string_view found = config_get_text(c, key);
    std::string accepted;
    for (const auto &[word, value] : words) {
        if (found == word) {
            return value;
        }
        accepted += (accepted.empty() ? "" : ", ") + std::string(word);
    }
    throw Error(SSLACT_ERROR_CONFIG,
                std::string(key) + ": \"" + std::string(found) + "\", expected one of " + accepted);
}

void read_thresholds(const config *c, MethodOptions &out)
{
    out.mpl_mode = read_word<ThresholdMode>(c, "ssl.mpl_mode",
                                            {{"learnable", ThresholdMode::learnable},
                                             {"class_related", ThresholdMode::class_related},
                                             {"fixed", ThresholdMode::fixed},
                                             {"cap", ThresholdMode::cap},
                                             {"metric", ThresholdMode::metric},
                                             {"flex", ThresholdMode::flex},
                                             {"soft", ThresholdMode::soft}});
    out.mpl_mapping = read_word<balance_mapping>(
        c, "ssl.mpl_mapping",
        {{"concave", MAPPING_CONCAVE}, {"linear", MAPPING_LINEAR}, {"convex", MAPPING_CONVEX}});
    out.mpl_tau_pos = config_get_double(c, "ssl.mpl_tau_pos");
    out.mpl_tau_neg = config_get_double(c, "ssl.mpl_tau_neg");
    out.mpl_t_neg =
        read_word<NegativeThreshold>(c, "ssl.mpl_t_neg",
                                     {{"constant", NegativeThreshold::constant},
                                      {"class_related", NegativeThreshold::class_related}});
    out.mpl_label = read_word<LabelMode>(c, "ssl.mpl_label",
                                         {{"hard", LabelMode::hard}, {"soft", LabelMode::soft}});
    out.mpl_a = config_get_double(c, "ssl.mpl_a");
    out.mpl_lambda1 = config_get_double(c, "ssl.mpl_lambda1");
    out.mpl_reg_scope = read_word<PenaltyScope>(c, "ssl.mpl_reg_scope",
                                                {{"all", PenaltyScope::all},
                                                 {"positives", PenaltyScope::positives},
                                                 {"per_class", PenaltyScope::per_class}});
    out.t_lr_mult = config_get_double(c, "ssl.t_lr_mult");
    out.t_clamp = config_get_double(c, "ssl.t_clamp");
}

void read_extensions(const config *c, MethodOptions &out)
{
    out.weight_mode = read_word<WeightMode>(c, "ssl.weight_mode",
                                            {{"gap", WeightMode::gap}, {"db", WeightMode::db}});
    out.positive_weight = read_word<PositiveWeight>(
        c, "ssl.positive_weight",
        {{"threshold", PositiveWeight::threshold}, {"calibrated", PositiveWeight::calibrated}});
    out.cap.streaming =
        read_word<bool>(c, "ssl.cap_form", {{"window", false}, {"streaming", true}});
    out.cap.window = config_get_int(c, "ssl.cap_window");
    out.cap.negative_share = config_get_double(c, "ssl.cap_negative_share");
    out.cap.step = config_get_double(c, "ssl.cap_step");
    out.score.every = config_get_int(c, "ssl.score_every");
    out.score.clips = config_get_int(c, "ssl.score_clips");
    out.score.metric_beta = config_get_double(c, "ssl.metric_beta");
    out.score.calibration_bins = static_cast<int32_t>(config_get_int(c, "ssl.calibration_bins"));
    out.online.enabled = std::string_view(config_get_text(c, "ssl.freq_source")) == "online";
    out.online.every = config_get_int(c, "ssl.online_every");
    out.online.mix = config_get_double(c, "ssl.online_mix");
    out.online.momentum = config_get_double(c, "ssl.online_momentum");
}

} // namespace

MethodOptions read_method_options(const config *c)
{
    MethodOptions out;
    read_thresholds(c, out);
    out.ucb = read_word<BalancedHalves>(c, "ssl.ucb",
                                        {{"both", BalancedHalves::both},
                                         {"unlabeled", BalancedHalves::unlabeled},
                                         {"labeled", BalancedHalves::labeled},
                                         {"none", BalancedHalves::none}});
    out.ucb_beta = config_get_double(c, "ssl.ucb_beta");
    out.ucb_gamma = config_get_double(c, "ssl.ucb_gamma");
    out.ucb_exact = read_word<bool>(c, "ssl.ucb_cooc", {{"pairwise", false}, {"exact", true}});
    out.ucb_drop_no_positive =
        read_word<bool>(c, "ssl.ucb_no_positive", {{"keep", false}, {"drop", true}});
    out.neighbour_shift = config_get_double(c, "ssl.neighbour_shift");
    out.ucb_resample = read_word<bool>(c, "ssl.ucb_mode", {{"mask", false}, {"resample", true}});
    out.loss_lambda = config_get_double(c, "ssl.loss_lambda");
    out.loss_normalise_kept =
        read_word<bool>(c, "ssl.loss_normalise", {{"all", false}, {"kept", true}});
    read_extensions(c, out);
    return out;
}

} // namespace sslact
