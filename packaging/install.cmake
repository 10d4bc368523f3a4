# What is installed besides the executables. The place of the configuration and of the units depends on the prefix,
# which `cmake --install --prefix` may still change: place.cmake decides at that time.
install(DIRECTORY sql nginx docs DESTINATION ${CMAKE_INSTALL_DATADIR}/tasklane)
install(FILES ${contract_files} DESTINATION ${CMAKE_INSTALL_DATADIR}/tasklane/docs)
install(FILES .env.example DESTINATION ${CMAKE_INSTALL_DATADIR}/tasklane RENAME env.example)
install(FILES packaging/tasklane.env DESTINATION ${CMAKE_INSTALL_DATADIR}/tasklane)
install(PROGRAMS packaging/setup/setup DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/tasklane)
install(DIRECTORY packaging/setup/parts DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/tasklane)
# scripts/verify, and the parts that it reads.
install(PROGRAMS scripts/verify DESTINATION ${CMAKE_INSTALL_DATADIR}/tasklane/scripts)
install(DIRECTORY scripts/verify.d DESTINATION ${CMAKE_INSTALL_DATADIR}/tasklane/scripts)
foreach(part common deployment checks tokens integration integration_page integration_parts integration_session)
  install(FILES scripts/lib/${part}.sh DESTINATION ${CMAKE_INSTALL_DATADIR}/tasklane/scripts/lib)
endforeach()
install(FILES packaging/tasklane.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
  RENAME tasklane)
install(FILES packaging/man/tasklane.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES packaging/man/tasklane.env.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES packaging/man/tasklane-master.8 packaging/man/tasklane-worker.8
  DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
install(CODE "set(packaging \"${PROJECT_SOURCE_DIR}/packaging\")\nset(scratch \"${PROJECT_BINARY_DIR}\")
set(share \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}/tasklane\")")
install(SCRIPT packaging/place.cmake)
