// frontend-gepetto/src/answer.hpp -- from a command and its arguments to the daemon's answer in the declared order.
#pragma once
#include <rigger/sdk/host.hpp>

#include <string>
#include <string_view>

namespace gepetto {

/// `arguments` were validated against the declaration. Errors: those of rig.control/1; NOT_FOUND UnknownCommand.
/// [worker]
rig::Result<std::string> answer(const rig::Control &control, rig::Call call, std::string_view command,
                                std::string_view arguments, const rig_sink *progress);

} // namespace gepetto
