# The contract as programs read it: OpenAPI as JSON, and JSON Schemas of the task and of the error. Only
# docs/openapi.yaml is kept in the repository.
set(contract_yaml ${PROJECT_SOURCE_DIR}/docs/openapi.yaml)
set(contract_renderer ${PROJECT_SOURCE_DIR}/scripts/render-contract)
set(contract_files openapi.json tasks.schema.json errors.schema.json)
list(TRANSFORM contract_files PREPEND "${PROJECT_BINARY_DIR}/docs/")
add_custom_command(OUTPUT ${contract_files}
  COMMAND ${contract_renderer} ${contract_yaml} ${PROJECT_BINARY_DIR}/docs
  DEPENDS ${contract_yaml} ${contract_renderer}
  COMMENT "Rendering the contract" VERBATIM)
add_custom_target(contract ALL DEPENDS ${contract_files})
add_dependencies(tasklane contract)  # nginx serves the files, and this command renders nginx's configuration
