// The SlowFast backbone (models.md section 3): two residual networks, the fast one feeding the
// slow one after the stem and after every stage but the last. Modules are registered under
// PySlowFast's names, so that named_parameters() gives the canonical names.
#ifndef NN_BACKBONE_H
#define NN_BACKBONE_H

#include "nn/layers.h"
#include "nn/options.h"
#include "nn/unit.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sslact
{

// The two feature maps between parts: slow [N, C, T / alpha, H, W], fast [N, C', T, H, W].
struct Pathways {
    at::Tensor slow;
    at::Tensor fast;
};

class Stem;
class Fusion;
class Stage;

class Backbone
{
public:
    // Registers its parts as children of `owner`.
    Backbone(const NetworkOptions &options, torch::nn::Module &owner);

    // Called with "s1", "s1_fuse", "s2", ... and what came out of that part.
    using Observer = std::function<void(const std::string &name, const Pathways &out)>;
    // fast is [N, 3, T, H, W]; the slow frames are picked from it.
    Pathways forward(const at::Tensor &fast, const Pass &pass,
                     const Observer &observe = nullptr) const;

    // The folded weights of every unit, for passes over tensors of the type, device and layout of
    // `like` to come.
    FoldedNetwork fold(const at::Tensor &like) const;

private:
    NetworkOptions options_;
    std::shared_ptr<Stem> stem_;
    std::vector<std::shared_ptr<Fusion>> fusions_;
    std::vector<std::shared_ptr<Stage>> stages_;
};

} // namespace sslact

#endif
