# What scripts/verify --frontend looks at in the page itself: what it loads, and whom its policy lets it call.
# shellcheck shell=bash
# shellcheck disable=SC2154  # set by checks.sh and scripts/verify

# OURS [THEIRS]: words that fit the web app that is there. Only Tasklane's own has the variables that are ours.
ours() {
  if [ "$own_web_app" = yes ]; then printf '%s' "$1"; else printf '%s' "${2:-}"; fi
}

# Sets what the other checks go by: whose web app it is.
find_page() {
  own_web_app=no
  on_page GET /api/auth/ok
  if [ "$status" = 200 ]; then ok "the web app answers"; else
    blame "$([ "$page" != "$url" ] || echo 'FRONTEND_UPSTREAM, or ')the web app is down" "the web app answers" 200
    return 1
  fi
  first_page
  ! grep -q '<meta name="application-name" content="Tasklane"' "$work/body" || own_web_app=yes
}

# The page that a browser comes to, wherever / leads: its headers and its text.
first_page() {
  on_page GET / -L --max-redirs 5
  tac "$work/headers" | sed '/^HTTP\//q' | tac >"$work/last" && mv -- "$work/last" "$work/headers"
}

load_page() {
  local part kind parts loaded=0 loads="the page loads its CSS and JavaScript"
  first_page
  [ "$status" = 200 ] || { note "there is no page at $page/ to look at"; return 0; }
  mapfile -t parts < <({ grep -oE '(src|href)="[^"]+[.](js|css)([?][^"]*)?"' "$work/body" || true; } | sed -E 's/^[^"]*"//; s/"$//; s/&amp;/\&/g' | sort -u)
  for part in "${parts[@]}"; do
    part=${part#"$page"}
    [[ $part == /* && $part != //* ]] || continue  # another host's, or beside the page
    on_page GET "$part"
    kind=$(header content-type)
    [[ $status == 200 && ( $part == *.css* && $kind == text/css* || $part == *.js* && $kind == *javascript* ) ]] || {
      blame "$(ours "FRONTEND_ROOT: it has the files of another build, or none" "the web app does not serve what its page names")" \
        "$loads" "200 with a type that fits, came '$kind'"
      return 0
    }
    loaded=$((loaded + 1))
  done
  ok "$loads ($loaded files)"
}

# By every policy that the page came with: one without connect-src and default-src forbids no call.
may_call_api() {
  local policy
  first_page
  while IFS= read -r -d, policy; do
    allows "$policy" || {
      blame "$(ours TASKLANE_API_URL "the page's Content-Security-Policy: its connect-src")" "the page may call the API" \
        "$url in the page's content-security-policy"
      return 0
    }
  done < <(header content-security-policy | tr '\n' ,)
  ok "the page may call the API"
}

allows() {  # POLICY
  local sources source
  sources=$(tr ';' '\n' <<<"$1" | sed -nE 's/^ *(connect-src|default-src) +/\1 /p' | sort | head -n 1)
  [ -n "$sources" ] || return 0
  read -ra sources <<<"${sources#* }"
  for source in "${sources[@]}"; do
    case $source in
      '*' | https: | "$url" | "$url"/* | "${url#https://}") return 0 ;;
      'https://*.'* | '*.'*) [[ ${url#https://} != *"${source#*'*'}" ]] || return 0 ;;
    esac
  done
  return 1
}
