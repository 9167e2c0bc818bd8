#pragma once

/// The room `config`: the files that people write, as checked trees and structs with exact
/// positions of what is wrong.
///
/// document.hpp  Document: YAML and JSON with line and column of every node
/// settings.hpp  Settings: config/sallyport.yaml
///
/// The only room with yaml-cpp, and the only one that looks at the environment for where files are.
/// Never: a default that turns a mistake into an action.
