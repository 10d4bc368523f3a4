#pragma once
// boost::asio::awaitable. Boost 1.74's awaitable.hpp uses std::exchange without including <utility>, which
// g++ 12 refuses. So this comes before every header of Asio that includes it (co_spawn.hpp,
// use_awaitable.hpp).

#include <utility>

#include <boost/asio/awaitable.hpp>
