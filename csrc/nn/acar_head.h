// The actor-context-actor relation head (models.md section 7): each actor is compared with its
// surroundings, then these relations with those of the other actors of the same clip.
#ifndef NN_ACAR_HEAD_H
#define NN_ACAR_HEAD_H

#include "nn/head.h"

#include <memory>
#include <vector>

namespace sslact
{

class PlaneConvolution;
class RelationLayer;

class AcarHead : public RoiHead
{
public:
    explicit AcarHead(const NetworkOptions &options);
    ~AcarHead() override;

    at::Tensor forward_empty(const at::Tensor &like) const override;

protected:
    at::Tensor score(const at::Tensor &map, const at::Tensor &boxes, const DropoutStream &stream,
                     const Observer &observe) const override;

private:
    at::Tensor relate_to_context(const at::Tensor &context, const at::Tensor &actors,
                                 const at::Tensor &clips, const Observer &observe) const;
    at::Tensor relate_to_actors(at::Tensor x, const std::vector<int64_t> &counts,
                                const DropoutStream &stream, const Observer &observe) const;

    std::shared_ptr<PlaneConvolution> conv_reduce_, conv1_, conv2_;
    std::vector<std::shared_ptr<RelationLayer>> relations_;
    std::shared_ptr<Projection> fc1_, fc2_;
};

} // namespace sslact

#endif
