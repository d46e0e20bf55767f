// Named tensors to and from checkpoint files.
#ifndef NN_ARRAYS_H
#define NN_ARRAYS_H

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "nn/detector.h"
#include "weights/safetensors.h"

namespace sslact
{

using Metadata = std::vector<std::pair<std::string, std::string>>;

// The full text of a config, as checkpoints keep it.
std::string render_config(const config *settings);

// Writes tensors (float32, float64, int64, uint8; any strides) in the given order, whole or not at
// all.
void write_arrays(const std::string &path, const NamedArrays &arrays, const Metadata &metadata);

// A checkpoint file opened for reading.
class ArrayFile
{
public:
    explicit ArrayFile(const std::string &path);
    ~ArrayFile();
    ArrayFile(const ArrayFile &) = delete;
    ArrayFile &operator=(const ArrayFile &) = delete;

    bool has_prefix(const std::string &prefix) const;
    // The value under a metadata key, "" if there is none.
    std::string metadata(const std::string &key) const;
    // An array that must be there with this type and shape; MISMATCH with both otherwise.
    at::Tensor read_like(const std::string &name, const at::Tensor &example) const;
    // The same where the first dimension may be of any size.
    at::Tensor read_rows_like(const std::string &name, const at::Tensor &example) const;
    const std::string &path() const { return path_; }

private:
    size_t find(const std::string &name) const;

    std::string path_;
    weights_file *file_;
};

// Weights from a file of any layout (nn/load.h): of a training run the teacher's where the file has
// one, else the student's. Every backbone array must match unless strict_backbone is false. A head
// that does not match keeps its values, with a warning.
void load_best_weights(Detector &network, const std::string &path, bool strict_backbone = true);
// The same where the head must match as well, both ways: MISMATCH with both shapes otherwise.
void load_all_weights(Detector &network, const std::string &path);

// A network's arrays under bare names, with its config.
void save_weights(const Detector &network, const config *settings, const std::string &path);

} // namespace sslact

#endif
