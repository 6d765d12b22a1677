# container.sh - what makes a web server's package fit for a container: its logs go
# where `docker logs` reads, it listens where there is no IPv6, too, and its places are
# those that everybody mounts over: pages in /usr/share/nginx/html, the server in
# /etc/nginx/conf.d/default.conf, the user nginx.
ln -sfn /dev/stdout "$ROOT/var/log/nginx/access.log"
ln -sfn /dev/stderr "$ROOT/var/log/nginx/error.log"
grep -q 'Welcome to nginx!' "$ROOT/usr/share/nginx/html/index.html"
rm -r "$ROOT/etc/nginx/sites-available" "$ROOT/etc/nginx/sites-enabled" "$ROOT/var/www/html"
cp default.conf "$ROOT/etc/nginx/conf.d/default.conf"
in_root useradd --system --uid 101 --user-group --no-create-home --home-dir /var/cache/nginx \
	--shell /bin/false --comment "nginx user" nginx
# It says when it starts and stops, as the one on Docker Hub does.
sed -i -e '/sites-enabled/d' -e '/error_log/d' \
	-e 's|^user .*|user nginx;\nerror_log /var/log/nginx/error.log notice;|' "$ROOT/etc/nginx/nginx.conf"
in_root nginx -t -q
label org.drydock.contents "nginx $(in_root dpkg-query -W -f '${Version}' nginx-light) of Debian $(noted suite)"
