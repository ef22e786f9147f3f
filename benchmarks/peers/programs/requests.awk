# method, route, status and milliseconds of each request, separated by tabs
BEGIN { FS = OFS = "\t"; bounds = split("100 500 1000 2000 5000", bound, " ") }
{
    key = $1 OFS $2 OFS $3
    requests[key]++
    sum[key] += $4
    for (i = bounds; i > 0 && $4 <= bound[i]; i--) upto[key, i]++
}
END {
    for (key in requests) {
        line = key OFS requests[key] OFS sprintf("%.6f", sum[key])
        for (i = 1; i <= bounds; i++) line = line OFS upto[key, i] + 0
        print line
    }
}
