# The Debian package: `cpack` in the build folder, or scripts/package.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)  # cpack packs what is built, and builds no tests
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME tasklane)
set(CPACK_PACKAGE_CONTACT "The Tasklane maintainers <maintainers@tasklane.example>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "task API for nginx hosts, with FastCGI workers in C++")
set(CPACK_PACKAGE_DESCRIPTION "A pool of FastCGI workers behind nginx that keeps every user's tasks in
Postgres. Tokens come from Better Auth. The package brings the workers, their
master, the operator's command, systemd units, SQL migrations and templates of
nginx's configuration. Nothing starts before it is configured and enabled,
which `tasklane setup` does; /usr/share/tasklane/docs/OPERATIONS.md tells more.")
set(CPACK_STRIP_FILES ON)
# With DESTDIR and not with a prefix of cpack's own: the prefix /usr is what puts the configuration into /etc.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/packaging/finish.cmake)
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/package)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION web)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd-standalone-sysusers | systemd | systemd-sysusers")
# `tasklane setup` and scripts/verify take these.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "nginx, postgresql-client, openssl, curl, jq")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "tasklane-web, postgresql, certbot")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/packaging/debian/postinst
  ${PROJECT_SOURCE_DIR}/packaging/debian/prerm ${PROJECT_SOURCE_DIR}/packaging/debian/postrm)
include(CPack)
