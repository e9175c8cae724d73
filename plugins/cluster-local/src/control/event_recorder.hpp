// control/event_recorder.hpp -- writes Event objects: newest `keep` of them, repeats of one reason on one object
// counted.
#pragma once
#include "control/controller.hpp"
#include "server/api_server.hpp"

#include <deque>
#include <string_view>
#include <unordered_map>

namespace cluster_local {

class EventRecorder final : public Controller {
public:
    EventRecorder(ApiServer &api, size_t keep) : api_(api), keep_(keep) {}

    rig::Status normal(const Record &about, std::string_view component, std::string_view reason,
                       std::string_view message) {
        return record(about, component, "Normal", reason, message);
    }
    rig::Status warning(const Record &about, std::string_view component, std::string_view reason,
                        std::string_view message) {
        return record(about, component, "Warning", reason, message);
    }

    rig::Status run(size_t &budget) override; ///< forgets the oldest beyond `keep`
    uint64_t due() const override { return ids_.size() > keep_ ? 0 : kNever; }
    void on_put(const Record &, const Record *before) override;
    void on_erase(const Record &) override;
    void on_reset() override;

private:
    rig::Status record(const Record &about, std::string_view component, std::string_view type, std::string_view reason,
                       std::string_view message);

    ApiServer &api_;
    size_t keep_;
    std::map<int64_t, uint64_t> ids_;            ///< of all events, oldest first, with their repeat key
    std::unordered_map<uint64_t, int64_t> last_; ///< by (object, reason, message)
};

} // namespace cluster_local
