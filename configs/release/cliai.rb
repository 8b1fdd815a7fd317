class Cliai < Formula
  desc "{{description}}"
  homepage "{{url}}"
  version "{{version}}"
  license "MIT"

  on_macos do
    on_arm do
      url "{{url}}/{{file:darwin-arm64}}"
      sha256 "{{sha256:darwin-arm64}}"
    end
    on_intel do
      url "{{url}}/{{file:darwin-x64}}"
      sha256 "{{sha256:darwin-x64}}"
    end
  end

  on_linux do
    on_arm do
      url "{{url}}/{{file:linux-arm64}}"
      sha256 "{{sha256:linux-arm64}}"
    end
    on_intel do
      url "{{url}}/{{file:linux-x64}}"
      sha256 "{{sha256:linux-x64}}"
    end
  end

  def install
    bin.install Dir["cliai-*"].first => "cliai"
    generate_completions_from_executable(bin/"cliai", "completion", shells: [:bash, :zsh, :fish])
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/cliai --version")
  end
end
