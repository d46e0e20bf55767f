// Weights from a checkpoint file into a network, by name.
#ifndef NN_LOAD_H
#define NN_LOAD_H

#include "nn/detector.h"

#include <string>
#include <vector>

namespace sslact
{

// The checkpoint that a file named `latest` names, in its own folder; other paths as they are.
std::string follow_latest(const std::string &path);

struct LoadReport {
    std::string path;                 // of the file that was read
    std::string layout;               // whose names it has: "sslact", "pyslowfast", "caffe2", ...
    std::string container;            // "safetensors", "torch zip", ...
    std::string prefix;               // that was taken off the names
    std::vector<std::string> matched; // loaded
    std::vector<std::string> missing; // the network has it, the file does not
    std::vector<std::string> mismatched; // in both with different shapes, not loaded
    std::vector<std::string> shapes;     // of these: "[400, 2304] in the file, [60, 2304] here"
    std::vector<std::string> unknown;    // the file has it under the prefix, the network does not
    size_t ignored = 0;                  // momentum and the like
    bool selected_rows = false;          // the 60 evaluated rows of AVA's 80 were taken
};

// What load_weights would do. prefix: as there.
LoadReport match_weights(const Detector &detector, const std::string &path, const char *prefix);

// Fills the arrays of `detector` from a checkpoint of any layout of models.md section 13,
// converting names and float types; one log line says how much matched. prefix: only names behind
// it count ("student."); nullptr: the teacher's of a training run where there is one, else the
// student's, else all. A file named `latest` holds the name of a checkpoint in its own folder and
// is followed. A last layer of AVA's 80 classes gives its evaluated rows to a network of 60.
//
// Throws and changes nothing: MISMATCH when strict_backbone and not every backbone array of the
// network and of the file matches (counters of batches excepted) or when the file's network is
// known to compute something else, or when nothing matches at all; the statuses of
// checkpoint_open; FORMAT for a damaged array.
LoadReport load_weights(Detector &detector, const std::string &path, const char *prefix,
                        bool strict_backbone);

} // namespace sslact

#endif
