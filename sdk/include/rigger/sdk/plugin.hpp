// rigger/sdk/plugin.hpp -- everything a plugin author needs: C++17 on top of the C ABI, header-only, compiled into the
// plugin.
#pragma once
#include <rigger/abi/kinds.h>
#include <rigger/sdk/backend.hpp>
#include <rigger/sdk/frontend.hpp>
#include <rigger/sdk/reconciler.hpp>
#include <rigger/sdk/scorer.hpp>
#include <rigger/sdk/source.hpp>

/// Once, in one .cpp file of the plugin: RIG_PLUGIN("com.example.mine", "1.0.0", &kComponent, ...);
/// The note lets `rigger plugins inspect` identify a file without running it.
#define RIG_PLUGIN(ID, VERSION, ...)                                                     \
    RIG_PLUGIN_NOTE(ID, VERSION);                                                        \
    static const rig_component *const rig_components_[] = {__VA_ARGS__, nullptr};        \
    extern "C" RIG_EXPORT const rig_plugin rig_plugin_v1 = {                             \
        RIG_PLUGIN_MAGIC, RIG_ABI_MAJOR, sizeof(rig_plugin), RIG_ABI_TARGET, 0,      ID, \
        VERSION,          __VERSION__,   rig_components_,    nullptr,        nullptr}
