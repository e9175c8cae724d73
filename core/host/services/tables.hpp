// core/host/services/tables.hpp -- the service tables that instances get; one file each beside this one.
#pragma once
#include <rigger/abi/host.h>

#include <string_view>

namespace rigger::host {

const rig_log *log_table() noexcept;
const rig_config *config_table() noexcept;
const rig_metrics *metrics_table() noexcept;
const rig_store *store_table() noexcept;
const rig_events *events_table() noexcept;
const rig_http *http_table() noexcept;
const rig_clock *clock_table() noexcept;
const rig_timers *timers_table() noexcept;
const rig_control *control_table() noexcept;

/// By id; nullptr: unknown here.
const void *service_table(std::string_view id) noexcept;

} // namespace rigger::host
