# Runs before cpack packs the tree: what a Debian package has and another installation has not.
set(usr "${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr")
set(doc "${usr}/share/doc/${CPACK_PACKAGE_NAME}")
file(REMOVE_RECURSE "${CPACK_TEMPORARY_INSTALL_DIRECTORY}/etc")  # postinst makes it: it is no conffile, and private
file(COPY "${CMAKE_CURRENT_LIST_DIR}/debian/copyright" "${CMAKE_CURRENT_LIST_DIR}/debian/changelog" DESTINATION "${doc}"
  FILE_PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
file(GLOB pages "${usr}/share/man/man*/*.[1-9]")
execute_process(COMMAND gzip -9n ${pages} "${doc}/changelog" COMMAND_ERROR_IS_FATAL ANY)
