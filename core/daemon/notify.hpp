// core/daemon/notify.hpp -- tells systemd (Type=notify) how the daemon is. Nothing happens when it was not started by
// systemd.
#pragma once
#include <string_view>

namespace rigger::daemon {

void notify_ready();
void notify_reloading();
void notify_stopping();
/// One line shown by `systemctl status`.
void notify_status(std::string_view line);

} // namespace rigger::daemon
