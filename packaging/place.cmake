# Runs at installation. Below the prefix /usr the configuration is in /etc, as everywhere; any other prefix holds
# everything. The configuration is written once and never again.
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  set(SYSCONFDIR /etc)
else()
  set(SYSCONFDIR "${CMAKE_INSTALL_PREFIX}/etc")
endif()
set(BINDIR "${CMAKE_INSTALL_PREFIX}/bin")

string(RANDOM LENGTH 8 suffix)  # two installations at once have a folder each
set(scratch "${scratch}/place-${suffix}")

function(place template name folder)
  configure_file("${packaging}/${template}" "${scratch}/${name}" @ONLY)
  file(INSTALL "${scratch}/${name}" DESTINATION "${CMAKE_INSTALL_PREFIX}/lib/${folder}")
endfunction()

# The only instance, or the first one; and any other by its name.
foreach(UNIT IN ITEMS "" "@")
  set(suffix "${UNIT}")
  set(FOLDER "")
  if(UNIT)
    set(UNIT "@%i")
    set(FOLDER "/%i")
  endif()
  place(systemd/tasklane.service.in "tasklane${suffix}.service" systemd/system)
  place(systemd/tasklane.socket.in "tasklane${suffix}.socket" systemd/system)
endforeach()
place(systemd/tasklane.sysusers.in tasklane.conf sysusers.d)
place(systemd/tasklane.tmpfiles.in tasklane.conf tmpfiles.d)
file(REMOVE_RECURSE "${scratch}")

set(configuration "${SYSCONFDIR}/tasklane")
if(EXISTS "$ENV{DESTDIR}${configuration}/tasklane.env")
  message(STATUS "Kept: ${configuration}/tasklane.env")
else()
  file(INSTALL "${packaging}/tasklane.env" DESTINATION "${configuration}"
    PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ)
endif()
if(NOT EXISTS "$ENV{DESTDIR}${configuration}/credentials")
  file(MAKE_DIRECTORY "$ENV{DESTDIR}${configuration}/credentials")
  file(CHMOD "$ENV{DESTDIR}${configuration}/credentials" PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
endif()

# A document's links to what is not installed become plain text.
execute_process(COMMAND python3 "${packaging}/installed_links.py" "${share}" COMMAND_ERROR_IS_FATAL ANY)
