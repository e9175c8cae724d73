// kube/stream.hpp -- lists and watch events read from a stream, object by object: a big list costs the memory of its
// biggest object. Objects come out as the API server wrote them, with apiVersion and kind, and with
// metadata.managedFields emptied.
#pragma once
#include <rigger/sdk/status.hpp>

#include <functional>
#include <optional>
#include <streambuf>
#include <string>
#include <string_view>

namespace kube {

constexpr size_t most_object_bytes = 8 << 20; ///< etcd stores at most 1.5 MiB by default
constexpr int most_nesting = 100;

struct ListTail {
    std::string resource_version, next; ///< next: the continue token; "" at the end
};
/// Errors: UNAVAILABLE (BrokenAnswer): not JSON, cut short, too large, nested too deep. An error of `item` ends the
/// reading and comes back. `head`, if given, is told the continue token before the first item, when the answer begins
/// with it.
rig::Result<ListTail> read_list(std::streambuf &from, std::string_view api_version, std::string_view kind,
                                const std::function<rig::Status(std::string_view)> &item,
                                const std::function<void(const std::string &next)> &head = {});

struct Event {
    std::string type; ///< ADDED, MODIFIED, DELETED, BOOKMARK, ERROR
    std::string object;
    std::string resource_version; ///< of the object
};
/// The next event of a watch; nullopt: the stream ended between two events.
rig::Result<std::optional<Event>> read_event(std::streambuf &from);

} // namespace kube
